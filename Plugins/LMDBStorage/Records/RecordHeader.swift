// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// The header of a record in the heap. 88 bytes, little-endian:
///
/// | at | bytes | what                                                                       |
/// |---:|------:|----------------------------------------------------------------------------|
/// |  0 |     4 | CRC-32C of everything up to the content                                    |
/// |  4 |     2 | format of the record: 2                                                    |
/// |  6 |     2 | size of the terms, each preceded by its length (1 byte)                    |
/// |  8 |     4 | CRC-32C of the content, from the writer                                    |
/// | 12 |     4 | size of the key                                                            |
/// | 16 |     8 | revision                                                                   |
/// | 24 |     8 | when it was created, in milliseconds since 1970-01-01T00:00:00Z                     |
/// | 32 |     8 | when this revision was stored, in the same unit                            |
/// | 40 |     8 | time, which orders lists; of a deletion: when it was deleted               |
/// | 48 |     4 | size of the content                                                        |
/// | 52 |     2 | kind: 0 an article, 1 a deletion                                           |
/// | 54 |     2 | 0: reserved for the codec of compressed content                            |
/// | 56 |    16 | id, big-endian                                                             |
/// | 72 |     8 | sequence number of the write                                               |
/// | 80 |     8 | seal: ``seal(_:_:_:at:)``                                                  |
///
/// A record contains its id, its sequence number and a seal over its offset. So the index can always be rebuilt from
/// the heap alone (``HeapScan``). Each read checks the first checksum; the reader of the content checks the second.
struct RecordHeader: Equatable {
    static let size = 88
    static let format: UInt16 = 2

    /// What a record is.
    enum Kind: UInt16 {
        case article = 0
        /// The article was deleted. It stays until the record of the last revision was cleared.
        case deletion = 1
    }

    var kind = Kind.article
    var id: ArticleID
    var sequence: UInt64
    var seal: UInt64
    var termsSize: UInt16 = 0
    var contentChecksum: UInt32 = 0
    var keySize: UInt32 = 0
    var revision: UInt64
    var createdAt: Int64
    var storedAt: Int64
    var time: Int64
    var contentSize: UInt32 = 0

    /// Encodes everything but the checksum.
    func encode(to bytes: UnsafeMutableRawBufferPointer) {
        func store<Value: FixedWidthInteger>(_ value: Value, _ offset: Int) {
            unsafe bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
        }
        store(Self.format, 4)
        store(termsSize, 6)
        store(contentChecksum, 8)
        store(keySize, 12)
        store(revision, 16)
        store(createdAt, 24)
        store(storedAt, 32)
        store(time, 40)
        store(contentSize, 48)
        store(kind.rawValue, 52)
        store(UInt16(0), 54)
        store(id.high.byteSwapped, 56)
        store(id.low.byteSwapped, 64)
        store(sequence, 72)
        store(seal, 80)
    }

    /// Decodes a header; `nil` if it has another format or kind. There must be at least ``size`` bytes.
    @inline(__always)
    init?(decoding bytes: UnsafeRawBufferPointer) {
        func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Value {
            Value(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        let format: UInt16 = load(4)
        guard format == Self.format, let kind = Kind(rawValue: load(52)) else { return nil }
        self.kind = kind
        termsSize = load(6)
        contentChecksum = load(8)
        keySize = load(12)
        revision = load(16)
        createdAt = load(24)
        storedAt = load(32)
        time = load(40)
        contentSize = load(48)
        let (high, low): (UInt64, UInt64) = (load(56), load(64))
        id = ArticleID(high: high.byteSwapped, low: low.byteSwapped)
        sequence = load(72)
        seal = load(80)
    }

    init(
        kind: Kind = .article, id: ArticleID, sequence: UInt64, seal: UInt64, termsSize: UInt16 = 0,
        contentChecksum: UInt32 = 0, keySize: UInt32 = 0, revision: UInt64, createdAt: Int64, storedAt: Int64,
        time: Int64, contentSize: UInt32 = 0
    ) {
        self.kind = kind
        self.id = id
        self.sequence = sequence
        self.seal = seal
        self.termsSize = termsSize
        self.contentChecksum = contentChecksum
        self.keySize = keySize
        self.revision = revision
        self.createdAt = createdAt
        self.storedAt = storedAt
        self.time = time
        self.contentSize = contentSize
    }

    /// Where the content begins.
    var contentOffset: Int { Self.size + Int(keySize) + Int(termsSize) }
    /// The size of the record.
    var recordSize: Int { contentOffset + Int(contentSize) }

    /// A seal over id, sequence number and offset, with a secret key. Content that imitates a record is never taken
    /// for one, and neither is a record that was copied or written to the wrong place.
    static func seal(_ hash: KeyedHash, _ id: ArticleID, _ sequence: UInt64, at offset: Int) -> UInt64 {
        let words = (id.high, id.low, sequence, UInt64(truncatingIfNeeded: offset))
        return unsafe withUnsafeBytes(of: words) { unsafe hash($0) }
    }

    /// Whether the record belongs where it was found.
    func isSealed(_ hash: KeyedHash, at offset: Int) -> Bool {
        seal == Self.seal(hash, id, sequence, at: offset)
    }
}

/// The checksum of a record without its content.
enum RecordChecksum {
    /// Computes it.
    static func of(_ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> UInt32 {
        unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: record[4..<header.contentOffset]))
    }

    /// The header of a record whose checksum matches (its content is not checked); `nil` if it is damaged.
    @inline(__always)
    static func header(_ record: UnsafeRawBufferPointer) -> RecordHeader? {
        guard record.count >= RecordHeader.size, let header = unsafe RecordHeader(decoding: record),
            header.recordSize == record.count, unsafe of(record, header) == stored(record)
        else { return nil }
        return header
    }

    /// Whether a record is intact, including its content, and has this id.
    static func isWhole(_ id: ArticleID, _ record: UnsafeRawBufferPointer) -> Bool {
        guard let header = unsafe header(record), header.id == id else { return false }
        return unsafe isContentWhole(record, header)
    }

    /// Whether the content matches its checksum.
    static func isContentWhole(_ record: UnsafeRawBufferPointer, _ header: RecordHeader) -> Bool {
        let content = unsafe UnsafeRawBufferPointer(rebasing: record[header.contentOffset...])
        return unsafe CRC32C.checksum(content) == header.contentChecksum
    }

    /// The checksum stored in the record.
    static func stored(_ record: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(littleEndian: unsafe record.loadUnaligned(as: UInt32.self))
    }
}
