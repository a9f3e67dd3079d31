internal import ArticleProtocol

/// What stands before a record's key, terms and content in the file; 56 bytes, little-endian:
///
/// | at | bytes | what                                                                              |
/// |---:|------:|-----------------------------------------------------------------------------------|
/// |  0 |     4 | CRC-32C of the id, and of all that follows up to the content                        |
/// |  4 |     2 | format of the record: 1                                                           |
/// |  6 |     2 | size of the terms, each behind its length (one byte)                                |
/// |  8 |     4 | CRC-32C of the content, as the writer gave it                                        |
/// | 12 |     4 | size of the key                                                                   |
/// | 16 |     8 | revision                                                                          |
/// | 24 |     8 | created at, in milliseconds since 1970-01-01T00:00:00Z                              |
/// | 32 |     8 | this revision stored at                                                           |
/// | 40 |     8 | time, what lists are ordered by                                                   |
/// | 48 |     4 | size of the content                                                               |
/// | 52 |     4 | 0: room for the codec of a compressed content                                      |
///
/// The content's own checksum is the reader's to check; that of the rest is checked at each read, since nobody else can.
struct RecordHeader: Equatable {
    static let size = 56
    static let format: UInt16 = 1

    var termsSize: UInt16
    var contentChecksum: UInt32
    var keySize: UInt32
    var revision: UInt64
    var createdAt: Int64
    var storedAt: Int64
    var time: Int64
    var contentSize: UInt32

    /// Writes all but the checksum.
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
        store(UInt32(0), 52)
    }

    /// Reads what `encode` wrote. There must be ``size`` bytes.
    init(decoding bytes: UnsafeRawBufferPointer) {
        func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Value {
            Value(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        termsSize = load(6)
        contentChecksum = load(8)
        keySize = load(12)
        revision = load(16)
        createdAt = load(24)
        storedAt = load(32)
        time = load(40)
        contentSize = load(48)
    }

    init(
        termsSize: UInt16, contentChecksum: UInt32, keySize: UInt32, revision: UInt64, createdAt: Int64,
        storedAt: Int64, time: Int64, contentSize: UInt32
    ) {
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
}
