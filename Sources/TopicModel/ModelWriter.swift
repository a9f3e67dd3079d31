// SPDX-License-Identifier: Apache-2.0
/// Encodes a trained model as a file.
public struct ModelWriter: ~Copyable {
    /// A feature: its hash, its value in a text's vector in twentieths, and a weight per topic. The weights already
    /// contain the value.
    public struct Feature: Sendable {
        let hash: UInt64
        let worth: UInt8
        let weights: [Float]

        /// Creates a feature.
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

    /// Creates a writer with space for `features` features. `biases`: one per topic for marked text, then one per topic
    /// for plain text.
    public init(
        description: ModelDescription, longestPhrase: Int, vietnameseOnly: Bool, biases: [Float], features: Int
    ) {
        header = ModelHeader()
        header.topics = UInt32(description.topics.count)
        header.longestPhrase = UInt32(longestPhrase)
        if vietnameseOnly { header.flags.insert(.vietnameseOnly) }
        // The table is four fifths full. Few buckets overflow then, and a lookup of an unknown feature reads one
        // bucket.
        header.buckets = UInt64(features * 5 / 4 / ModelHeader.bucketSize + 1)
        table = [UInt8](repeating: 0, count: Int(header.tableSize()))
        self.biases = biases
        self.description = description
    }

    /// Adds a feature to its bucket or one of the next. If two features nearby have the same fingerprint, the first one
    /// wins.
    public mutating func add(_ feature: Feature) {
        let fingerprint = SlotTable.fingerprint(feature.hash)
        var bucket = Int(feature.hash.multipliedFullWidth(by: header.buckets).high)
        for _ in 0..<ModelHeader.maxProbes {
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
        // The smallest scale at which the largest weight fits into 127 steps.
        let exponent = ModelHeader.scales.firstIndex { $0 * 127 >= largest } ?? 255
        let scale = ModelHeader.scales[exponent]
        table[offset] = feature.worth
        table[offset + 1] = UInt8(exponent)
        for (topic, weight) in feature.weights.enumerated() {
            let step = max(-127, min(127, (weight / scale).rounded()))
            table[offset + ModelHeader.weightOffset + topic] = UInt8(bitPattern: Int8(step))
        }
    }

    /// Sets the calibration. The threshold is 0 to 1; the sharpnesses are above 0; doubt and brevity are 0 or more.
    /// `thirdShare` is the share of each third of a text in the margins: at most a third; 0: only the whole text is
    /// scored.
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

    /// The bytes of the model file.
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
