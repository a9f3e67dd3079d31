/// Lays a trained model out as a file.
public struct ModelWriter: ~Copyable {
    /// One feature: its hash, what it counts in a text's vector (in twentieths), and a weight for each topic, into which
    /// what it counts is multiplied already.
    public struct Feature: Sendable {
        let hash: UInt64
        let worth: UInt8
        let weights: [Float]

        /// Makes a feature.
        public init(hash: UInt64, worth: UInt8, weights: [Float]) {
            self.hash = hash
            self.worth = worth
            self.weights = weights
        }
    }

    private var header: ModelHeader
    private var table: [UInt8]
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
        // Four fifths full: few buckets overflow then, and a feature that is not there costs one look.
        header.buckets = UInt64(features * 5 / 4 / ModelHeader.bucketSize + 1)
        table = [UInt8](repeating: 0, count: Int(header.tableSize()))
        self.biases = biases
        self.description = description
    }

    /// Puts a feature into its bucket, or one of the next. Of two with one fingerprint nearby, the first stays.
    public mutating func add(_ feature: Feature) {
        let fingerprint = SlotTable.fingerprint(feature.hash)
        var bucket = Int(feature.hash.multipliedFullWidth(by: header.buckets).high)
        for _ in 0..<ModelHeader.mostProbes {
            let start = bucket * ModelHeader.bucketStride
            for lane in 0..<ModelHeader.bucketSize {
                let place = start + lane * 2
                let found = UInt16(table[place]) | UInt16(table[place + 1]) << 8
                if found == fingerprint { return }
                if found == 0 {
                    table[place] = UInt8(truncatingIfNeeded: fingerprint)
                    table[place + 1] = UInt8(truncatingIfNeeded: fingerprint >> 8)
                    store(feature, at: header.rowsOffset + (bucket * ModelHeader.bucketSize + lane) * header.rowSize)
                    return
                }
            }
            bucket = bucket + 1 == Int(header.buckets) ? 0 : bucket + 1
        }
    }

    private mutating func store(_ feature: Feature, at offset: Int) {
        let largest = feature.weights.reduce(0) { max($0, abs($1)) }
        // The smallest scale that lets the largest weight fit into 127 steps.
        let exponent = ModelHeader.scales.firstIndex { $0 * 127 >= largest } ?? 255
        let scale = ModelHeader.scales[exponent]
        table[offset] = feature.worth
        table[offset + 1] = UInt8(exponent)
        for (topic, weight) in feature.weights.enumerated() {
            let step = max(-127, min(127, (weight / scale).rounded()))
            table[offset + ModelHeader.weightOffset + topic] = UInt8(bitPattern: Int8(step))
        }
    }

    /// Sets the calibration: the threshold from 0 to 1, sharpnesses above 0, doubt and brevity 0 or more, and what each third
    /// of a text has in the margins: at most a third; 0 if the whole is scored alone.
    public mutating func calibrate(
        threshold: Float, markedSharpness: Float, plainSharpness: Float, doubt: Float, brevity: Float, thirdShare: Float
    ) {
        header.doubt = doubt
        header.brevity = brevity
        if brevity > 0 { header.flags.insert(.brevity) }
        header.thirdShare = thirdShare
        if thirdShare > 0 { header.flags.insert(.thirds) }
        header.threshold = threshold
        header.markedSharpness = markedSharpness
        header.plainSharpness = plainSharpness
    }

    /// The model file's bytes.
    public consuming func encoded() -> [UInt8] {
        let words = description.encoded()
        let biasEnd = ModelHeader.size + biases.count * 4
        header.bucketsOffset = UInt64((biasEnd + 63) / 64 * 64)
        header.descriptionOffset = header.bucketsOffset + header.tableSize()
        header.descriptionSize = UInt64(words.count)
        header.fileSize = header.descriptionOffset + header.descriptionSize
        var bytes = header.encoded()
        for bias in biases { bytes.append(number: bias.bitPattern) }
        bytes.append(contentsOf: [UInt8](repeating: 0, count: Int(header.bucketsOffset) - biasEnd))
        bytes.append(contentsOf: table)
        bytes.append(contentsOf: words)
        let checksum = unsafe bytes.withUnsafeBytes {
            unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[16...]))
        }
        for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(index * 8)) }
        return bytes
    }
}
