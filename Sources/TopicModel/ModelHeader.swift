// SPDX-License-Identifier: Apache-2.0
/// The first 128 bytes of a model file. All numbers are little-endian.
///
///     0   8 bytes  "ARTTOPIC"
///     8   u32      format, 2
///     12  u32      CRC-32C of all that follows, up to the end of the file
///     16  u64      size of the file
///     24  u32      topics, 2 to 128
///     28  u32      syllables in the longest phrase, 1 to 4
///     32  u32      size of a row: 2 + topics
///     36  u32      flags
///     40  u64      buckets
///     48  u64      where the fingerprints begin; a multiple of 64
///     56  u64      where the description begins
///     64  u64      its size
///     72  f32      threshold: below it the answer is undecided
///     76  f32      sharpness for marked text: what scores are multiplied with before they become probabilities
///     80  f32      sharpness for plain text
///     84  f32      doubt, from 0: of a text whose feature vector has the length n, scores are multiplied with
///                  (n + brevity * doubt) / (n + doubt) too
///     88  f32      share: what each third of a text has in the margins; above 0 and at most 1/3 if flag 2 is set, else 0
///     92  f32      brevity; above 0 and at most 4 if flag 4 is set, else 0
///     96  zeros to 128
///     128 f32      bias of each topic for marked text, then of each for plain text
///
/// A bucket has 16 u16 fingerprints of features; 0 is empty. A feature is in the bucket at the high 64 bits of hash *
/// buckets, or, if that is full, in one of the next 15. The rows follow the fingerprints of all buckets: 16 per bucket,
/// in the same order. A lookup reads only the fingerprints, which fit into the processor's cache. Each feature of a
/// text reads its row once. A row has: u8, the value of the feature in a text's vector, in twentieths; u8, the exponent
/// e of the row's scale 2^(e/8 - 25); i8, a weight for each topic. 16 zero bytes follow the last row.
///
/// Flag 1: the model is for Vietnamese only. Flag 2: the model is calibrated for margins in which each third of a text
/// has a share, scored as a text of its own, and the whole text has the rest. A text without thirds (`Passages`) is
/// scored as a whole. Flag 4: there is a brevity. A reader must reject a model with an unknown flag.
///
/// In format 1, the rows of a bucket followed its fingerprints.
struct ModelHeader {
    static let size = 128
    static let magic: UInt64 = 0x4349_504f_5454_5241
    static let format: UInt32 = 2
    static let maxTopics = 128
    static let bucketSize = 16
    static let maxProbes = 16
    static let weightOffset = 2
    static let padding = 16

    struct Flags: OptionSet {
        let rawValue: UInt32
        /// The model was trained on Vietnamese and is undecided about other languages.
        static let vietnameseOnly = Flags(rawValue: 1)
        /// The thirds of a text are scored in addition to the whole.
        static let thirds = Flags(rawValue: 2)
        /// The sharpness for an empty text is not 0.
        static let brevity = Flags(rawValue: 4)
        static let known: Flags = [.vietnameseOnly, .thirds, .brevity]
    }

    var checksum: UInt32 = 0
    var fileSize: UInt64 = 0
    var topics: UInt32 = 0
    var longestPhrase: UInt32 = 0
    var flags: Flags = []
    var buckets: UInt64 = 0
    var bucketsOffset: UInt64 = 0
    var descriptionOffset: UInt64 = 0
    var descriptionSize: UInt64 = 0
    var threshold: Float = 0
    var markedSharpness: Float = 1
    var plainSharpness: Float = 1
    var doubt: Float = 0
    var thirdShare: Float = 0
    var brevity: Float = 0

    var rowSize: Int { ModelHeader.weightOffset + Int(topics) }

    /// The size of a bucket's fingerprints in bytes.
    static let bucketStride = bucketSize * 2

    /// The offset of the rows, after the fingerprints of all buckets.
    var rowsOffset: Int { Int(buckets) * ModelHeader.bucketStride }

    /// The size of fingerprints, rows and padding in bytes.
    func tableSize() -> UInt64 {
        buckets * UInt64(ModelHeader.bucketStride + ModelHeader.bucketSize * rowSize) + UInt64(ModelHeader.padding)
    }

    /// 2^(exponent/8 - 25).
    static let scales: [Float] = (0...255).map { index in
        var scale: Double = 1
        for _ in 0..<(index % 8) { scale *= 1.090507732665257659 }  // the eighth root of 2
        return Float(scale) * Float(sign: .plus, exponent: index / 8 - 25, significand: 1)
    }
}

extension ModelHeader {
    /// Decodes the header of a file and checks it against the size of the file.
    init(reading bytes: UnsafeRawBufferPointer, of path: String) throws(TopicModelError) {
        guard bytes.count >= 16, unsafe bytes.number(at: 0, as: UInt64.self) == ModelHeader.magic else {
            throw TopicModelError(
                .foreign,
                "\(path) is not a topic model: it does not begin with \"ARTTOPIC\". Create one with `articlectl train`."
            )
        }
        let format = unsafe bytes.number(at: 8, as: UInt32.self)
        guard format == ModelHeader.format else {
            throw TopicModelError(
                .unsupported,
                "\(path) is a topic model of format \(format); this version reads format \(ModelHeader.format). "
                    + "Rebuild it with this version's `articlectl train`.")
        }
        guard bytes.count >= ModelHeader.size else { throw ModelHeader.damaged(path, "it ends within its header") }
        unsafe checksum = bytes.number(at: 12, as: UInt32.self)
        unsafe fileSize = bytes.number(at: 16, as: UInt64.self)
        guard fileSize == UInt64(bytes.count) else {
            throw ModelHeader.damaged(path, "it has \(bytes.count) bytes and should have \(fileSize)")
        }
        guard unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[16...])) == checksum else {
            throw ModelHeader.damaged(path, "its checksum does not match its content")
        }
        unsafe topics = bytes.number(at: 24, as: UInt32.self)
        unsafe longestPhrase = bytes.number(at: 28, as: UInt32.self)
        let writtenRowSize = unsafe bytes.number(at: 32, as: UInt32.self)
        unsafe flags = Flags(rawValue: bytes.number(at: 36, as: UInt32.self))
        unsafe buckets = bytes.number(at: 40, as: UInt64.self)
        unsafe bucketsOffset = bytes.number(at: 48, as: UInt64.self)
        unsafe descriptionOffset = bytes.number(at: 56, as: UInt64.self)
        unsafe descriptionSize = bytes.number(at: 64, as: UInt64.self)
        unsafe threshold = Float(bitPattern: bytes.number(at: 72, as: UInt32.self))
        unsafe markedSharpness = Float(bitPattern: bytes.number(at: 76, as: UInt32.self))
        unsafe plainSharpness = Float(bitPattern: bytes.number(at: 80, as: UInt32.self))
        unsafe doubt = Float(bitPattern: bytes.number(at: 84, as: UInt32.self))
        unsafe thirdShare = Float(bitPattern: bytes.number(at: 88, as: UInt32.self))
        unsafe brevity = Float(bitPattern: bytes.number(at: 92, as: UInt32.self))

        guard Flags.known.isSuperset(of: flags) else {
            throw TopicModelError(
                .unsupported,
                "\(path) is a topic model for a newer version: its flags \(flags.rawValue) are not supported. "
                    + "Update this version, or rebuild the model with its `articlectl train`.")
        }
        // The checksum covers the written bytes. The checks below guard against a faulty writer.
        guard (2...UInt32(ModelHeader.maxTopics)).contains(topics), (1...4).contains(longestPhrase),
            UInt32(rowSize) == writtenRowSize
        else { throw ModelHeader.damaged(path, "its header contradicts itself") }
        let size = UInt64(bytes.count)
        guard bucketsOffset % 64 == 0, bucketsOffset >= UInt64(ModelHeader.size) + UInt64(topics) * 8,
            bucketsOffset <= size, buckets >= 1, buckets <= UInt64(UInt32.max) / UInt64(ModelHeader.bucketSize),
            tableSize() <= size - bucketsOffset, descriptionOffset <= size,
            descriptionSize <= size - descriptionOffset
        else { throw ModelHeader.damaged(path, "a section is outside the file") }
        guard threshold.isFinite, (0...1).contains(threshold), markedSharpness.isFinite, markedSharpness > 0,
            plainSharpness.isFinite, plainSharpness > 0, doubt.isFinite, doubt >= 0
        else { throw ModelHeader.damaged(path, "its calibration is not a number") }
        guard flags.contains(.thirds) ? thirdShare > 0 && thirdShare <= 1 / 3 : thirdShare == 0 else {
            throw ModelHeader.damaged(path, "it gives each third of a text a share of \(thirdShare)")
        }
        guard flags.contains(.brevity) ? brevity > 0 && brevity <= 4 : brevity == 0 else {
            throw ModelHeader.damaged(path, "it has a brevity of \(brevity)")
        }
    }

    /// The encoded header, with the current `checksum`.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ModelHeader.size)
        bytes.append(number: ModelHeader.magic)
        bytes.append(number: ModelHeader.format)
        bytes.append(number: checksum)
        bytes.append(number: fileSize)
        bytes.append(number: topics)
        bytes.append(number: longestPhrase)
        bytes.append(number: UInt32(rowSize))
        bytes.append(number: flags.rawValue)
        bytes.append(number: buckets)
        bytes.append(number: bucketsOffset)
        bytes.append(number: descriptionOffset)
        bytes.append(number: descriptionSize)
        bytes.append(number: threshold.bitPattern)
        bytes.append(number: markedSharpness.bitPattern)
        bytes.append(number: plainSharpness.bitPattern)
        bytes.append(number: doubt.bitPattern)
        bytes.append(number: thirdShare.bitPattern)
        bytes.append(number: brevity.bitPattern)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: ModelHeader.size - bytes.count))
        return bytes
    }

    static func damaged(_ path: String, _ what: String) -> TopicModelError {
        TopicModelError(
            .damaged, "\(path) is damaged: \(what). Restore it from a copy, or rebuild it with `articlectl train`.")
    }
}

extension UnsafeRawBufferPointer {
    /// Reads a little-endian number. The caller has checked that it is within the buffer.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        unsafe Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}

extension [UInt8] {
    /// Appends a number in little-endian order.
    mutating func append(number: some FixedWidthInteger) {
        var rest = number
        for _ in 0..<(number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
