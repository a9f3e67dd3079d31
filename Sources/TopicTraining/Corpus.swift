// SPDX-License-Identifier: Apache-2.0
internal import TopicModel

/// The features of all training texts, marked or plain: sparse rows behind each other.
struct Corpus {
    /// The feature numbers of all rows, ascending within a row.
    private(set) var features: [UInt32] = []
    /// The sum of the weights of each one's places in its row, in 64ths.
    private(set) var sums: [UInt32] = []
    /// Where each row begins; one more for the end.
    private(set) var starts: [Int] = [0]
    /// The hash of each feature number.
    private(set) var hashes: [UInt64] = []
    /// In how many rows each occurs.
    private(set) var documentCounts: [UInt32] = []

    var rows: Int { starts.count - 1 }

    func row(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

    /// How many rows are whole texts. Behind them stand as many rows of their beginnings, then as many of the first
    /// passage of each, of the second, and so on.
    private(set) var texts = 0
    /// Which texts have passages. Such a passage may have no known feature all the same.
    private var hasPassages: [Bool] = []

    /// The row of the beginning of a text.
    func beginning(of text: Int) -> Int { texts + text }

    /// The rows to learn from: the whole of each text, and its passages as far as there is something in them.
    func lessons(of chosen: [Int]) -> [Int] {
        chosen
            + (0..<Passages.count).flatMap { passage in
                chosen.map { (2 + passage) * texts + $0 }.filter { !row($0).isEmpty }
            }
    }

    /// The rows of a text's thirds; none if it has no passages.
    func thirds(of text: Int) -> [Range<Int>] {
        hasPassages[text] ? Passages.thirds.map { row((2 + $0) * texts + text) } : []
    }

    /// The text that a row is of.
    func text(of row: Int) -> Int { row % texts }

    /// Takes the features of `texts`, of the first words of each (so few as a headline has, or a lead), and of their
    /// passages. `report` hears how many are done.
    init(of texts: [LabelledText], plain: Bool, longestPhrase: Int, report: (Int) -> Void) {
        self.texts = texts.count
        var numbers = FeatureNumbers()
        var extractor = FeatureExtractor(longestPhrase: longestPhrase)
        var parts = [Rows](repeating: Rows(), count: 1 + Passages.count)
        var row = Occurrences()
        for (index, text) in texts.enumerated() {
            extractor.read(text.parts)
            row.removeAll()
            extractor.appendFeatures(of: 0..<extractor.count, plain: plain, to: &row.hashes, weights: &row.weights)
            append(row.summed(&numbers))
            hasPassages.append(Passages.hasPassages(extractor.count))
            let few = index % 2 == 0 ? 12 : 40
            for (part, range) in ([0..<few] + Passages.ranges(of: extractor.count)).enumerated() {
                row.removeAll()
                extractor.appendFeatures(of: range, plain: plain, to: &row.hashes, weights: &row.weights)
                parts[part].append(row.summed(&numbers))
            }
            if index % 256 == 0 { report(index) }
        }
        hashes = numbers.hashes
        documentCounts = [UInt32](repeating: 0, count: hashes.count)
        for feature in features { documentCounts[Int(feature)] += 1 }
        for part in parts.indices {
            let shift = features.count
            features += parts[part].features
            sums += parts[part].sums
            starts += parts[part].ends.map { $0 + shift }
            parts[part] = Rows()  // millions of numbers: not kept twice
        }
    }

    private mutating func append(_ row: [(feature: UInt32, sum: UInt32)]) {
        for (feature, sum) in row {
            features.append(feature)
            sums.append(sum)
        }
        starts.append(features.count)
    }

    /// Rows that are put behind others later.
    private struct Rows {
        var features: [UInt32] = []
        var sums: [UInt32] = []
        var ends: [Int] = []

        mutating func append(_ row: [(feature: UInt32, sum: UInt32)]) {
            for (feature, sum) in row {
                features.append(feature)
                sums.append(sum)
            }
            ends.append(features.count)
        }
    }

    /// The features of one text as they come.
    private struct Occurrences {
        var hashes: [UInt64] = []
        var weights: [UInt16] = []

        mutating func removeAll() {
            hashes.removeAll(keepingCapacity: true)
            weights.removeAll(keepingCapacity: true)
        }

        /// Each feature once, ascending by number, with the sum of its weights.
        func summed(_ numbers: inout FeatureNumbers) -> [(feature: UInt32, sum: UInt32)] {
            var sorted: [UInt64] = []
            sorted.reserveCapacity(hashes.count)
            for (hash, weight) in zip(hashes, weights) {
                sorted.append(UInt64(numbers.number(of: hash)) << 32 | UInt64(weight))
            }
            sorted.sort()
            var row: [(feature: UInt32, sum: UInt32)] = []
            for entry in sorted {
                let feature = UInt32(truncatingIfNeeded: entry >> 32)
                let weight = UInt32(truncatingIfNeeded: entry)
                if row.last?.feature == feature {
                    row[row.count - 1].sum += weight
                } else {
                    row.append((feature, weight))
                }
            }
            return row
        }
    }

    /// Leaves only features of at least `fewest` rows, and at most `most` of them: the commonest.
    mutating func keep(fewestRows fewest: Int, mostFeatures most: Int) {
        var fewest = UInt32(clamping: fewest)
        var histogram = [Int](repeating: 0, count: texts + 2)
        for count in documentCounts { histogram[Int(count)] += 1 }
        var kept = histogram[min(Int(fewest), histogram.count)...].reduce(0, +)
        while kept > most, Int(fewest) < histogram.count - 1 {
            kept -= histogram[Int(fewest)]
            fewest += 1
        }
        var renumbered = [UInt32](repeating: .max, count: hashes.count)
        var next: UInt32 = 0
        for feature in hashes.indices where documentCounts[feature] >= fewest {
            renumbered[feature] = next
            hashes[Int(next)] = hashes[feature]
            documentCounts[Int(next)] = documentCounts[feature]
            next += 1
        }
        hashes.removeSubrange(Int(next)...)
        documentCounts.removeSubrange(Int(next)...)
        var end = 0
        var begin = 0
        for row in 0..<rows {
            let range = begin..<starts[row + 1]
            begin = range.upperBound
            for position in range where renumbered[Int(features[position])] != .max {
                features[end] = renumbered[Int(features[position])]
                sums[end] = sums[position]
                end += 1
            }
            starts[row + 1] = end
        }
        features.removeSubrange(end...)
        sums.removeSubrange(end...)
    }
}

/// Numbers features in the order in which they are first met.
struct FeatureNumbers {
    private(set) var hashes: [UInt64] = []
    /// The number of the feature in a slot, plus 1; 0 is empty.
    private var slots = [UInt32](repeating: 0, count: 1 << 20)
    private var mask = (1 << 20) - 1

    mutating func number(of hash: UInt64) -> UInt32 {
        if hashes.count * 2 >= slots.count { grow() }
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            if hashes[Int(slots[index] - 1)] == hash { return slots[index] - 1 }
            index = (index + 1) & mask
        }
        hashes.append(hash)
        slots[index] = UInt32(hashes.count)
        return slots[index] - 1
    }

    private mutating func grow() {
        mask = slots.count * 4 - 1
        slots = [UInt32](repeating: 0, count: mask + 1)
        for (number, hash) in hashes.enumerated() {
            var index = Int(truncatingIfNeeded: hash) & mask
            while slots[index] != 0 { index = (index + 1) & mask }
            slots[index] = UInt32(number + 1)
        }
    }
}
