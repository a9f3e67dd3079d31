internal import TopicModel

/// The features of all training texts, marked or plain: sparse rows behind each other.
struct Corpus {
    /// The feature numbers of all rows, ascending within a row.
    private(set) var features: [UInt32] = []
    /// How often each occurs in its row.
    private(set) var counts: [UInt8] = []
    /// Where each row begins; one more for the end.
    private(set) var starts: [Int] = [0]
    /// The hash of each feature number.
    private(set) var hashes: [UInt64] = []
    /// In how many rows each occurs.
    private(set) var documentCounts: [UInt32] = []

    var rows: Int { starts.count - 1 }

    func row(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

    /// Takes the features of `texts`. `report` hears how many are done.
    init(of texts: [LabelledText], plain: Bool, longestPhrase: Int, report: (Int) -> Void) {
        var numbers = FeatureNumbers()
        var extractor = FeatureExtractor(longestPhrase: longestPhrase)
        var occurrences: [UInt64] = []
        var numbered: [UInt32] = []
        for (index, text) in texts.enumerated() {
            occurrences.removeAll(keepingCapacity: true)
            numbered.removeAll(keepingCapacity: true)
            extractor.read(text.parts)
            extractor.appendFeatures(plain: plain, to: &occurrences)
            for hash in occurrences { numbered.append(numbers.number(of: hash)) }
            numbered.sort()
            var position = 0
            while position < numbered.count {
                var end = position + 1
                while end < numbered.count, numbered[end] == numbered[position] { end += 1 }
                features.append(numbered[position])
                counts.append(UInt8(min(end - position, 255)))
                position = end
            }
            starts.append(features.count)
            if index % 256 == 0 { report(index) }
        }
        hashes = numbers.hashes
        documentCounts = [UInt32](repeating: 0, count: hashes.count)
        for feature in features { documentCounts[Int(feature)] += 1 }
    }

    /// Leaves only features of at least `fewest` rows, and at most `most` of them: the commonest.
    mutating func keep(fewestRows fewest: Int, mostFeatures most: Int) {
        var fewest = UInt32(clamping: fewest)
        var histogram = [Int](repeating: 0, count: rows + 2)
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
                counts[end] = counts[position]
                end += 1
            }
            starts[row + 1] = end
        }
        features.removeSubrange(end...)
        counts.removeSubrange(end...)
    }
}
