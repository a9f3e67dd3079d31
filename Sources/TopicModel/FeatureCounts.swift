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
