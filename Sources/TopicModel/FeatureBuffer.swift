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
