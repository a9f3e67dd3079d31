/// How much each slot of the model was met in one text and in each third of it: tables that stay in the processor's cache.
@safe struct FeatureCounts: ~Copyable {
    /// Open addressing: which slot stands at a place, as its position below plus 1; 0 is none.
    private var places: UnsafeMutablePointer<UInt32>
    private var placesCapacity: Int
    private var mask = 0
    /// The slots, in the order in which they were first met.
    private(set) var slots: UnsafeMutablePointer<UInt32>
    /// Four for each: the sum of the weights in the whole text, and in each third.
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

    /// The whole and its thirds.
    static let passages = 4

    /// Forgets all, and makes room for `most` slots.
    mutating func removeAll(reserving most: Int) {
        count = 0
        // At most a quarter of the places is in use; what a long text needed a short one does not have to clear.
        var used = 1024
        while used < most * 4 { used *= 2 }
        mask = used - 1
        if used > placesCapacity {
            placesCapacity = used
            unsafe places.deallocate()
            unsafe places = .allocate(capacity: used)
        }
        unsafe places.initialize(repeating: 0, count: used)
        guard most > capacity else { return }
        capacity = max(most, capacity * 2)
        unsafe slots.deallocate()
        unsafe sums.deallocate()
        unsafe slots = .allocate(capacity: capacity + 1)
        unsafe sums = .allocate(capacity: (capacity + 1) * FeatureCounts.passages)
    }

    /// Counts a slot in the whole and in a third, 1 to 3. There is room: no more are counted than were reserved.
    @inline(__always)
    mutating func add(_ slot: UInt32, inText whole: UInt32, inThird part: UInt32, third: Int) {
        guard count <= capacity else { return }
        // What stands behind the last is the slot itself, not met yet: then the first time and all others are the same
        // to the processor, which could not tell which is next. There is room for one more than the capacity.
        unsafe slots[count] = slot
        for passage in 0..<FeatureCounts.passages { unsafe sums[count * FeatureCounts.passages + passage] = 0 }
        var index = Int((UInt64(slot) &* FeatureHash.multiplier) >> 32) & mask
        // An empty place is met at last, for they are four times as many as slots; the mask keeps the index in bounds.
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

/// The features of one text in the text's order: their hashes, or, once they were looked up, the slots of those that the
/// model knows; and what their places weigh.
///
/// They are made first and looked up then: so the look-up of one can be begun while earlier ones are still waiting for
/// memory.
@safe struct FeatureBuffer: ~Copyable {
    private(set) var hashes: UnsafeMutablePointer<UInt64>
    /// The slots of the known ones. They take the place of hashes that are no longer needed.
    var slots: UnsafeMutablePointer<UInt64> { unsafe hashes }
    /// What the place weighs in the whole text: the low 16 bits; and in its third: the high ones.
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

    /// Forgets all, and makes room for `most`.
    mutating func removeAll(reserving most: Int) {
        count = 0
        guard most > capacity else { return }
        capacity = max(most, capacity * 2)
        unsafe hashes.deallocate()
        unsafe weights.deallocate()
        unsafe hashes = .allocate(capacity: capacity)
        unsafe weights = .allocate(capacity: capacity)
    }

    /// Adds a feature. There is room: no more are added than were reserved.
    @inline(__always)
    mutating func add(_ hash: UInt64, inText whole: UInt16, inThird third: UInt16) {
        guard count < capacity else { return }
        unsafe hashes[count] = hash
        unsafe weights[count] = UInt32(whole) | UInt32(third) << 16
        count += 1
    }

    /// Looks up those from `start` to `end`, and puts the known ones from `target` on, which is not behind `start`;
    /// answers where they end.
    @inline(__always)
    mutating func keepKnown(_ slots: SlotTable, from start: Int, to end: Int, at target: Int) -> Int {
        var target = target
        for index in start..<end {
            // `target` <= `index` < `count`; a hash that is looked ahead at stands behind `index`, or is the last.
            unsafe slots.prefetch(hashes[min(index + FeatureBuffer.ahead, count - 1)])
            let slot = unsafe slots.find(hashes[index])
            // Without a branch: whether a phrase is known nobody can tell.
            unsafe self.slots[target] = UInt64(slot ?? 0)
            unsafe weights[target] = weights[index]
            target += slot == nil ? 0 : 1
        }
        return target
    }

    /// How many look-ups are begun before they are needed.
    private static let ahead = 16
}
