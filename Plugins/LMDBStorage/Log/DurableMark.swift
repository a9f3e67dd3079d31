internal import ArticleProtocol

/// The last group that is known to be on disk, in a file of its own; 40 bytes, little-endian: "RTCLDURA", the session (16), the
/// sequence number of the group (8), 0 (4), CRC-32C of what stands before (4).
///
/// It is written after each sync of the log, and never synced itself: it outlives the process, and of power that was lost it tells
/// too little, never too much. With it a start can tell the last group that was acknowledged, and is damaged, from one that was on
/// its way.
struct DurableMark {
    private static let magic: UInt64 = 0x4152_5544_4C43_5452
    private static let size = 40

    let session: LogSession
    let sequence: UInt64

    init(_ session: LogSession, _ sequence: UInt64) {
        self.session = session
        self.sequence = sequence
    }

    /// Reads it; `nil` if there is none that is whole.
    init?(of path: String) throws(ServiceError) {
        guard let bytes = try FilePart.read(path, Self.size, at: 0), bytes.count == Self.size,
            bytes.integer(at: 0) == Self.magic, CRC32C.checksum(Array(bytes[..<36])) == bytes.integer(at: 36)
        else { return nil }
        self.init(LogSession(high: bytes.integer(at: 8), low: bytes.integer(at: 16)), bytes.integer(at: 24))
    }

    func write(to file: any DiskFile) throws(ServiceError) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(session.high, at: 8)
        bytes.set(session.low, at: 16)
        bytes.set(sequence, at: 24)
        bytes.set(CRC32C.checksum(Array(bytes[..<36])), at: 36)
        try file.write(bytes, at: 0)
    }
}
