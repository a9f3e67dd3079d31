/// Bounds one step of a long answer, so that neither the event loop's turn nor the storage's view is held for long.
struct Pace {
    /// Records in one step.
    static let records = 64
    /// Bytes in one step; one record may go beyond.
    static let bytes = 256 * 1024

    private(set) var count = 0
    private var size = 0

    /// Whether there is room for one more record.
    var hasRoom: Bool { count < Self.records && size < Self.bytes }

    mutating func add(_ bytes: Int) {
        count += 1
        size += bytes
    }
}
