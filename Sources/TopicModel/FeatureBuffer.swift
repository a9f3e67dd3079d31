/// The hashes of one text's features and what their places weigh, in the text's order.
///
/// They are made first and looked up then: so the look-up of one can be begun while earlier ones are still waiting for
/// memory.
@safe struct FeatureBuffer: ~Copyable {
    private(set) var hashes: UnsafeMutablePointer<UInt64>
    private(set) var weights: UnsafeMutablePointer<UInt16>
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
    mutating func add(_ hash: UInt64, weight: UInt16) {
        guard count < capacity else { return }
        unsafe hashes[count] = hash
        unsafe weights[count] = weight
        count += 1
    }
}
