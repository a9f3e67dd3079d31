// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The header of a group in the log: writes that become durable together. 64 bytes, little-endian:
///
/// | at | bytes | what                                                           |
/// |---:|------:|----------------------------------------------------------------|
/// |  0 |     4 | "GRUP"                                                         |
/// |  4 |     4 | CRC-32C of the rest of the header and of the entries' heads    |
/// |  8 |     8 | sequence number: one more than the previous group's            |
/// | 16 |     8 | size of the entries                                            |
/// | 24 |     4 | number of entries                                              |
/// | 28 |     4 | 0                                                              |
/// | 32 |    16 | session                                                        |
/// | 48 |     8 | durable: the last group known to be on disk                    |
/// | 56 |     8 | number of articles, including this group                       |
///
/// Records have checksums of their own, which the entries name, so the writer of a group need not read the records. A
/// group begins at a whole block, so that nothing already on disk is written again.
struct LogGroup: Equatable {
    private static let magic: UInt32 = 0x5055_5247
    static let size = 64
    static let block = 4096

    var sequence: UInt64
    var payloadSize: Int
    var count: Int
    var session: LogSession
    /// Everything acknowledged before this group was written is in groups up to this one, or in a checkpoint.
    var durable: UInt64 = 0
    var records: UInt64 = 0

    /// Where the next group begins, if this one is at `position`.
    func end(from position: Int) -> Int {
        (position + Self.size + payloadSize + Self.block - 1) / Self.block * Self.block
    }

    /// The header without its checksum, which ``seal(_:_:)`` adds.
    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.set(Self.magic, at: 0)
        bytes.set(sequence, at: 8)
        bytes.set(UInt64(payloadSize), at: 16)
        bytes.set(UInt32(clamping: count), at: 24)
        bytes.set(session.high, at: 32)
        bytes.set(session.low, at: 40)
        bytes.set(durable, at: 48)
        bytes.set(records, at: 56)
        return bytes
    }

    /// The checksum of the header; the heads of the entries are added to it.
    static func checksum(ofHead bytes: [UInt8]) -> UInt32 { CRC32C.checksum(Array(bytes[8..<size])) }

    /// Puts the checksum in its place.
    static func seal(_ bytes: inout [UInt8], _ checksum: UInt32) { bytes.set(checksum, at: 4) }

    /// Decodes a header; `nil` if there is none. ``isWhole(_:_:)`` checks it, together with the entries.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, bytes.integer(at: 0) == Self.magic else { return nil }
        let payloadSize: UInt64 = bytes.integer(at: 16)
        let count: UInt32 = bytes.integer(at: 24)
        guard let size = Int(exactly: payloadSize), size <= 1 << 40 else { return nil }
        self.init(
            sequence: bytes.integer(at: 8), payloadSize: size, count: Int(count),
            session: LogSession(high: bytes.integer(at: 32), low: bytes.integer(at: 40)),
            durable: bytes.integer(at: 48), records: bytes.integer(at: 56))
    }

    /// Whether the header and the heads of the entries match their checksum. Records may still be damaged.
    func isWhole(_ head: [UInt8], _ payload: [UInt8]) -> Bool {
        var checksum = Self.checksum(ofHead: head)
        do throws(ServiceError) {
            let isSound = try unsafe payload.lend { bytes throws(ServiceError) in
                try unsafe LogEntry.forEach(bytes, count: count) { entry in
                    checksum = unsafe CRC32C.checksum(entry.head, continuing: checksum)
                }
            }
            return isSound && checksum == head.integer(at: 4)
        } catch {
            return false
        }
    }

    /// Whether all records that the entries name are intact.
    func hasRecords(_ payload: [UInt8], _ heap: HeapFile?) throws(ServiceError) -> Bool {
        var hasAll = true
        _ = try unsafe payload.lend { bytes throws(ServiceError) in
            try unsafe LogEntry.forEach(bytes, count: count) { entry in hasAll = hasAll && entry.hasRecord(heap) }
        }
        return hasAll
    }

    init(
        sequence: UInt64, payloadSize: Int, count: Int, session: LogSession, durable: UInt64 = 0, records: UInt64 = 0
    ) {
        self.sequence = sequence
        self.payloadSize = payloadSize
        self.count = count
        self.session = session
        self.durable = durable
        self.records = records
    }
}

/// The effect of a write, as an entry of a group: 40 bytes, in most groups followed by the record as it is in the
/// heap.
///
/// | at | bytes | what                                                                                     |
/// |---:|------:|------------------------------------------------------------------------------------------|
/// |  0 |    16 | id                                                                                       |
/// | 16 |     4 | 1: put; 2: delete; 3, 4: the same, but the record is in the heap only                         |
/// | 20 |     4 | size of the record; little-endian, like the rest                                         |
/// | 24 |     8 | offset of the record in the heap                                                         |
/// | 32 |     4 | the record's own checksum                                                                |
/// | 36 |     4 | 0                                                                                        |
///
/// Entries hold effects, not requests: replaying an entry that was already applied changes nothing. A deletion has a
/// record too (``RecordHeader/Kind/deletion``).
@safe
struct LogEntry {
    static let size = 40

    let id: ArticleID
    let kind: RecordHeader.Kind
    /// The record; `nil` if it was written to the heap only.
    let record: UnsafeRawBufferPointer?
    /// Where the record is in the heap.
    let location: HeapLocation
    /// The record's own checksum: its location may hold another record by now, even an earlier one of the same id.
    let checksum: UInt32
    /// The entry without its record: the part that the group's checksum covers.
    let head: UnsafeRawBufferPointer

    /// Encodes the head of an entry.
    ///
    /// - Parameters:
    ///   - checksum: the record's own.
    ///   - isInHeap: the record is already in the heap, and does not follow.
    static func encode(
        _ id: ArticleID, _ kind: RecordHeader.Kind, _ location: HeapLocation, checksum: UInt32, isInHeap: Bool,
        to bytes: UnsafeMutableRawPointer
    ) {
        let number: UInt32 = (kind == .article ? 1 : 2) + (isInHeap ? 2 : 0)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        unsafe bytes.storeBytes(of: id.high.bigEndian, as: UInt64.self)
        unsafe bytes.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: number.littleEndian, toByteOffset: 16, as: UInt32.self)
        unsafe bytes.storeBytes(
            of: UInt32(clamping: location.count).littleEndian, toByteOffset: 20, as: UInt32.self)
        unsafe bytes.storeBytes(of: UInt64(location.offset).littleEndian, toByteOffset: 24, as: UInt64.self)
        unsafe bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 32, as: UInt32.self)
    }

    /// Calls `body` with each entry of a group.
    ///
    /// - Returns: `false` if the entries do not follow the format.
    static func forEach(
        _ payload: UnsafeRawBufferPointer, count: Int, _ body: (LogEntry) throws(ServiceError) -> Void
    ) throws(ServiceError) -> Bool {
        var offset = 0
        for _ in 0..<count {
            guard payload.count - offset >= size else { return false }
            let head = unsafe UnsafeRawBufferPointer(rebasing: payload[offset..<offset + size])
            func word(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: unsafe head.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            let (number, length) = (word(16), Int(word(20)))
            let place = UInt64(littleEndian: unsafe head.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            offset += size
            guard
                let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: head[..<16]))),
                let place = Int(exactly: place), (1...4).contains(number)
            else { return false }
            var record: UnsafeRawBufferPointer?
            if number <= 2 {
                guard payload.count - offset >= length else { return false }
                unsafe record = UnsafeRawBufferPointer(rebasing: payload[offset..<offset + length])
                offset += length
            }
            unsafe try body(
                LogEntry(
                    id: id, kind: number % 2 == 1 ? .article : .deletion, record: record,
                    location: HeapLocation(offset: place, count: length), checksum: word(32), head: head))
        }
        return offset == payload.count
    }

    /// The record, from the log or the heap; `nil` if it can be in neither.
    func bytes(_ heap: HeapFile?) -> UnsafeRawBufferPointer? {
        if let record = unsafe record { return unsafe record }
        return unsafe heap?.bytes(location)
    }

    /// Whether the record is intact. The log may have reached the disk before the heap did; then the write was not
    /// acknowledged.
    func hasRecord(_ heap: HeapFile?) -> Bool {
        guard let record = unsafe bytes(heap) else { return false }
        return unsafe RecordChecksum.isWhole(id, record) && RecordChecksum.stored(record) == checksum
    }
}
