extension ModelHeader {
    /// Reads the header of a file of `bytes`, and checks all that it says against the file's size.
    init(reading bytes: UnsafeRawBufferPointer, of path: String) throws(TopicModelError) {
        guard bytes.count >= 16, unsafe bytes.number(at: 0, as: UInt64.self) == ModelHeader.magic else {
            throw TopicModelError(
                .foreign,
                "\(path) is not a topic model: it does not begin with \"ARTTOPIC\". Make one with `articlectl train`.")
        }
        let format = unsafe bytes.number(at: 8, as: UInt32.self)
        guard format == ModelHeader.format else {
            throw TopicModelError(
                .unsupported,
                "\(path) is a topic model of format \(format); this version reads format \(ModelHeader.format). "
                    + "Make it again with this version's `articlectl train`.")
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
                "\(path) is a topic model for a newer version: its flags \(flags.rawValue) ask for what this one cannot do. "
                    + "Update this version, or make the model again with its `articlectl train`.")
        }
        // The checksum vouches for what was written; what follows guards against a writer that was wrong.
        guard (2...UInt32(ModelHeader.mostTopics)).contains(topics), (1...4).contains(longestPhrase),
            UInt32(rowSize) == writtenRowSize
        else { throw ModelHeader.damaged(path, "its header contradicts itself") }
        let size = UInt64(bytes.count)
        guard bucketsOffset % 64 == 0, bucketsOffset >= UInt64(ModelHeader.size) + UInt64(topics) * 8,
            bucketsOffset <= size, buckets >= 1, buckets <= UInt64(UInt32.max) / UInt64(ModelHeader.bucketSize),
            tableSize() <= size - bucketsOffset, descriptionOffset <= size,
            descriptionSize <= size - descriptionOffset
        else { throw ModelHeader.damaged(path, "a section lies outside of the file") }
        guard threshold.isFinite, (0...1).contains(threshold), markedSharpness.isFinite, markedSharpness > 0,
            plainSharpness.isFinite, plainSharpness > 0, doubt.isFinite, doubt >= 0
        else { throw ModelHeader.damaged(path, "its calibration is no number") }
        guard flags.contains(.thirds) ? thirdShare > 0 && thirdShare <= 1 / 3 : thirdShare == 0 else {
            throw ModelHeader.damaged(path, "it gives each third of a text a share of \(thirdShare)")
        }
        guard flags.contains(.brevity) ? brevity > 0 && brevity <= 4 : brevity == 0 else {
            throw ModelHeader.damaged(path, "it has a brevity of \(brevity)")
        }
    }

    /// The header as bytes, with `checksum` as it stands.
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
            .damaged, "\(path) is damaged: \(what). Restore it from a copy, or make it again with `articlectl train`.")
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian number; the caller has checked that it lies within.
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
