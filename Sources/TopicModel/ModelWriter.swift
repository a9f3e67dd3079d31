import Glibc

/// Lays a trained model out as a file.
public struct ModelWriter: ~Copyable {
    /// One feature: its hash, its inverse document frequency in twentieths, and a weight for each topic, into which
    /// the inverse document frequency is multiplied already.
    public struct Feature: Sendable {
        let hash: UInt64
        let idf: UInt8
        let weights: [Float]

        /// Makes a feature.
        public init(hash: UInt64, idf: UInt8, weights: [Float]) {
            self.hash = hash
            self.idf = idf
            self.weights = weights
        }
    }

    private var header: ModelHeader
    private var rows: [UInt8]
    private let biases: [Float]
    private let description: ModelDescription

    /// Makes room for `features` features. `biases`: one for each topic for marked text, then for plain text.
    public init(
        description: ModelDescription, longestPhrase: Int, vietnameseOnly: Bool, biases: [Float], features: Int
    ) {
        header = ModelHeader()
        header.topics = UInt32(description.topics.count)
        header.longestPhrase = UInt32(longestPhrase)
        if vietnameseOnly { header.flags.insert(.vietnameseOnly) }
        // Four fifths full: a feature that is not there is known to be missing after two looks on average.
        header.slots = UInt64(features * 5 / 4 + 64)
        rows = [UInt8](repeating: 0, count: Int(header.slots) * header.slotSize)
        self.biases = biases
        self.description = description
    }

    /// Puts a feature into its slot. Of two with one fingerprint nearby, the first stays.
    public mutating func add(_ feature: Feature) {
        let fingerprint = SlotTable.fingerprint(feature.hash)
        var slot = Int(feature.hash.multipliedFullWidth(by: header.slots).high)
        for _ in 0..<ModelHeader.mostProbes {
            let offset = slot * header.slotSize
            let found = (0..<4).reduce(UInt32(0)) { $0 | UInt32(rows[offset + $1]) << UInt32($1 * 8) }
            if found == fingerprint { return }
            if found == 0 {
                store(feature, fingerprint: fingerprint, at: offset)
                return
            }
            slot = slot + 1 == Int(header.slots) ? 0 : slot + 1
        }
    }

    private mutating func store(_ feature: Feature, fingerprint: UInt32, at offset: Int) {
        for index in 0..<4 { rows[offset + index] = UInt8(truncatingIfNeeded: fingerprint >> UInt32(index * 8)) }
        let largest = feature.weights.reduce(0) { max($0, abs($1)) }
        // The smallest scale that lets the largest weight fit into 127 steps.
        let exponent = ModelHeader.scales.firstIndex { $0 * 127 >= largest } ?? 255
        let scale = ModelHeader.scales[exponent]
        rows[offset + 4] = feature.idf
        rows[offset + 5] = UInt8(exponent)
        for (topic, weight) in feature.weights.enumerated() {
            let step = max(-127, min(127, (weight / scale).rounded()))
            rows[offset + ModelHeader.weightOffset + topic] = UInt8(bitPattern: Int8(step))
        }
    }

    /// Sets the calibration: 0 to 1, then above 0 each.
    public mutating func calibrate(threshold: Float, markedSharpness: Float, plainSharpness: Float) {
        header.threshold = threshold
        header.markedSharpness = markedSharpness
        header.plainSharpness = plainSharpness
    }

    /// Writes the model to `path`: whole or not at all, so that a service may read the path at any time.
    public consuming func write(to path: String) throws(TopicModelError) {
        let temporary = "\(path).\(getpid()).new"
        let bytes = encoded()
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ModelWriter.failure(path) }
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            offset += count
        }
        let isWritten = offset == bytes.count && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, unsafe rename(temporary, path) == 0 else {
            let failure = ModelWriter.failure(path)
            unsafe unlink(temporary)
            throw failure
        }
    }

    /// The file's bytes.
    consuming func encoded() -> [UInt8] {
        let words = description.encoded()
        let biasEnd = ModelHeader.size + biases.count * 4
        header.slotsOffset = UInt64((biasEnd + 63) / 64 * 64)
        header.descriptionOffset = header.slotsOffset + UInt64(rows.count)
        header.descriptionSize = UInt64(words.count)
        header.fileSize = header.descriptionOffset + header.descriptionSize
        var bytes = header.encoded()
        for bias in biases { bytes.append(number: bias.bitPattern) }
        bytes.append(contentsOf: [UInt8](repeating: 0, count: Int(header.slotsOffset) - biasEnd))
        bytes.append(contentsOf: rows)
        bytes.append(contentsOf: words)
        let checksum = unsafe bytes.withUnsafeBytes {
            unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[16...]))
        }
        for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(index * 8)) }
        return bytes
    }

    private static func failure(_ path: String) -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unwritable, "cannot write the topic model \(path): \(reason)")
    }
}
