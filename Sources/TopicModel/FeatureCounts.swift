// SPDX-License-Identifier: Apache-2.0
/// The weight of each slot in one text and in each of its thirds. The tables fit into the processor's cache.
@safe struct FeatureCounts: ~Copyable {
    /// Open addressing: the position of a slot in `slots`, plus 1; 0 is empty.
    private var places: UnsafeMutablePointer<UInt32>
    private var placesCapacity: Int
    private var mask = 0
    /// The slots, in the order of their first occurrence.
    private(set) var slots: UnsafeMutablePointer<UInt32>
    /// Four per slot: the sum of the weights in the whole text, and in each third.
    private(set) var sums: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private(set) var count = 0

    init() {
        placesCapacity = 4096
        capacity = 1024
        unsafe places = .allocate(capacity: placesCapacity)
        unsafe slots = .allocate(capacity: capacity + 1)
        unsafe sums = .allocate(capacity: (capacity + 1) * FeatureCounts.passages)
        removeAll(reserving: 0)
    }

    deinit {
        unsafe places.deallocate()
        unsafe slots.deallocate()
        unsafe sums.deallocate()
    }

    /// The whole text and its thirds.
    static let passages = 4

    /// Removes all slots and reserves space for `limit`.
    mutating func removeAll(reserving limit: Int) {
        count = 0
        // At most a quarter of the places is used. A short text clears only as many places as it needs.
        var used = 1024
        while used < limit * 4 { used *= 2 }
        mask = used - 1
        if used > placesCapacity {
            placesCapacity = used
            unsafe places.deallocate()
            unsafe places = .allocate(capacity: used)
        }
        unsafe places.initialize(repeating: 0, count: used)
        guard limit > capacity else { return }
        capacity = max(limit, capacity * 2)
        unsafe slots.deallocate()
        unsafe sums.deallocate()
        unsafe slots = .allocate(capacity: capacity + 1)
        unsafe sums = .allocate(capacity: (capacity + 1) * FeatureCounts.passages)
    }

    /// Adds the weights of a slot in the whole text and in a third, 1 to 3. There is space: no more slots are added
    /// than were reserved.
    @inline(__always)
    mutating func add(_ slot: UInt32, inText whole: UInt32, inThird part: UInt32, third: Int) {
        guard count <= capacity else { return }
        // The slot is stored after the last one, as if it was not found yet. The first and all later occurrences then
        // take the same path, without a branch that the processor cannot predict. There is space for one more than the
        // capacity.
        unsafe slots[count] = slot
        for passage in 0..<FeatureCounts.passages { unsafe sums[count * FeatureCounts.passages + passage] = 0 }
        var index = Int((UInt64(slot) &* FeatureHash.multiplier) >> 32) & mask
        // The loop ends at an empty place, because there are four times as many places as slots. The mask keeps the
        // index in bounds.
        while true {
            let place = unsafe places[index]
            let position = place == 0 ? count : Int(place) - 1
            if unsafe slots[position] == slot {
                unsafe places[index] = UInt32(truncatingIfNeeded: position + 1)
                unsafe sums[position * FeatureCounts.passages] += whole
                unsafe sums[position * FeatureCounts.passages + third] += part
                count += place == 0 ? 1 : 0
                return
            }
            index = (index + 1) & mask
        }
    }
}

/// The features of one text, in order, with their place weights: first the hashes, then, after the lookup, the slots of
/// the features that the model has.
///
/// All hashes are collected before the lookup, so that lookups can be prefetched while earlier ones wait for memory.
@safe struct FeatureBuffer: ~Copyable {
    private(set) var hashes: UnsafeMutablePointer<UInt64>
    /// The slots of known features. They overwrite hashes that are no longer needed.
    var slots: UnsafeMutablePointer<UInt64> { unsafe hashes }
    /// The place weights: in the whole text in the low 16 bits, in the third in the high 16 bits.
    private(set) var weights: UnsafeMutablePointer<UInt32>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 4096
        unsafe hashes = .allocate(capacity: capacity)
        unsafe weights = .allocate(capacity: capacity)
    }

    deinit {
        unsafe hashes.deallocate()
        unsafe weights.deallocate()
    }

    /// Removes all features and reserves space for `limit`.
    mutating func removeAll(reserving limit: Int) {
        count = 0
        guard limit > capacity else { return }
        capacity = max(limit, capacity * 2)
        unsafe hashes.deallocate()
        unsafe weights.deallocate()
        unsafe hashes = .allocate(capacity: capacity)
        unsafe weights = .allocate(capacity: capacity)
    }

    /// Adds a feature. There is space: no more features are added than were reserved.
    @inline(__always)
    mutating func add(_ hash: UInt64, inText whole: UInt16, inThird third: UInt16) {
        guard count < capacity else { return }
        unsafe hashes[count] = hash
        unsafe weights[count] = UInt32(whole) | UInt32(third) << 16
        count += 1
    }

    /// Looks up the features from `start` to `end`, and stores the known ones from `target` on, which is at most
    /// `start`. Returns their end.
    @inline(__always)
    mutating func keepKnown(_ slots: SlotTable, from start: Int, to end: Int, at target: Int) -> Int {
        var target = target
        for index in start..<end {
            // `target` <= `index` < `count`. A prefetched hash is after `index`, or is the last.
            unsafe slots.prefetch(hashes[min(index + FeatureBuffer.ahead, count - 1)])
            let slot = unsafe slots.find(hashes[index])
            // Without a branch, because whether a phrase is known is unpredictable.
            unsafe self.slots[target] = UInt64(slot ?? 0)
            unsafe weights[target] = weights[index]
            target += slot == nil ? 0 : 1
        }
        return target
    }

    /// How many lookups are prefetched.
    private static let ahead = 16
}
