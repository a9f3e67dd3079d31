// SPDX-License-Identifier: Apache-2.0
import CScoring
import Glibc

extension TopicScorer {
    /// Looks up and counts the features of the text and of its thirds, and sums their rows. False if the model has none
    /// of them.
    mutating func sumFeatures(plain: Bool) -> Bool {
        let total = syllables.count
        let hasThirds = model.header.thirdShare > 0 && Passages.hasPassages(total)
        // A text without thirds is one part; the counts of that part have no weight.
        let parts = hasThirds ? (0..<3).map { Passages.third($0, of: total) } : [0..<total]
        var ends = collect(parts, hasThirds: hasThirds, plain: plain)
        let slots = SlotTable(model)
        var (start, known) = (0, 0)
        for part in ends.indices {
            known = features.keepKnown(slots, from: start, to: ends[part], at: known)
            start = ends[part]
            ends[part] = known
        }
        count(upTo: ends, slots)
        guard counts.count > 0 else { return false }
        let lengths = sumRows(slots).squareRoot()
        scales = PassageScales(lengths: lengths, thirdShare: hasThirds ? model.header.thirdShare : 0)
        return true
    }

    /// Collects the hashes of all features, and returns the end of each part's features.
    private mutating func collect(_ parts: [Range<Int>], hasThirds: Bool, plain: Bool) -> [Int] {
        let longest = Int(model.header.longestPhrase)
        let weights = PlaceWeights()
        let text = 0..<syllables.count
        features.removeAll(reserving: text.count * longest)
        return parts.map { part in
            syllables.forEachFeature(of: text, beginningIn: part, plain: plain, longest: longest) { hash, first, last in
                // A third counts as a text of its own: places start at its beginning, and phrases beyond its end do not
                // count.
                let third = hasThirds && last < part.upperBound ? weights[first - part.lowerBound] : 0
                features.add(hash, inText: weights[first], inThird: third)
            }
            return features.count
        }
    }

    /// Counts the known features. `ends` are the ends of each part's features.
    private mutating func count(upTo ends: [Int], _ slots: SlotTable) {
        counts.removeAll(reserving: ends.last ?? 0)
        var index = 0
        for (part, end) in ends.enumerated() {
            while index < end {
                // `index` is below the buffer's count.
                let slot = unsafe UInt32(truncatingIfNeeded: features.slots[index])
                let weights = unsafe features.weights[index]
                slots.prefetchRow(slot)
                counts.add(slot, inText: weights & 0xffff, inThird: weights >> 16, third: part + 1)
                index += 1
            }
        }
    }

    /// Sums the rows of the counted features. Returns the squared lengths of the feature vectors.
    private mutating func sumRows(_ slots: SlotTable) -> SIMD4<Float> {
        var squares: SIMD4<Float> = .zero
        // `find` returned the slots: their rows are within the file, with padding after the last. `sums` has space for
        // all.
        unsafe withUnsafeMutableBytes(of: &squares) { squares in
            unsafe cscoring_sum(
                slots.rows, slots.rowSize, model.topics.count, ScorerTables.scales,
                counts.slots, counts.sums, counts.count,
                sums, squares.assumingMemoryBound(to: Float.self).baseAddress)
        }
        return squares
    }

    /// The margin of each topic: the scaled sums of the text and its thirds, plus the topic's bias.
    func margins(plain: Bool) -> [Float] {
        let bias = plain ? model.plainBias : model.markedBias
        return bias.indices.map { topic in
            let (chunk, lane) = topic.quotientAndRemainder(dividingBy: PassageScales.lanes)
            var margin: Float = 0
            for passage in 0..<FeatureCounts.passages {
                let place = (chunk * FeatureCounts.passages + passage) * PassageScales.lanes + lane
                unsafe margin += sums[place] * scales.ofPassages[passage]
            }
            return margin + bias[topic]
        }
    }

    mutating func probabilities(plain: Bool) -> [Float] {
        var sharpness = plain ? model.header.plainSharpness : model.header.markedSharpness
        let doubt = model.header.doubt
        sharpness *= (scales.length + model.header.brevity * doubt) / (scales.length + doubt)
        var scores = margins(plain: plain)
        let highest = scores.max() ?? 0
        var sum: Float = 0
        for index in scores.indices {
            scores[index] = exp((scores[index] - highest) * sharpness)
            sum += scores[index]
        }
        for index in scores.indices { scores[index] /= sum }
        return scores
    }
}

/// The factors that turn the sums of a text and its thirds into margins.
struct PassageScales {
    /// How many topics are summed in parallel.
    static let lanes = 16

    /// The length of the whole text's feature vector.
    let length: Float
    /// For the whole text, then for each third: its share divided by the length of its feature vector.
    let ofPassages: SIMD4<Float>

    /// For an empty text.
    static let none = PassageScales(lengths: .zero, thirdShare: 0)

    /// `thirdShare`: the share of each third in the margins. The whole text has the rest.
    init(lengths: SIMD4<Float>, thirdShare: Float) {
        length = lengths[0]
        let shares = SIMD4(1 - 3 * thirdShare, thirdShare, thirdShare, thirdShare)
        ofPassages = (shares / lengths).replacing(with: 0, where: lengths .== 0)
    }
}

/// Constant tables that the scorers read by pointer. They are created once and never freed.
enum ScorerTables {
    nonisolated(unsafe) static let letters: UnsafePointer<UInt32> = unsafe constant(Letter.table)
    nonisolated(unsafe) static let scales: UnsafePointer<Float> = unsafe constant(ModelHeader.scales)

    static func constant<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
        return unsafe UnsafePointer(copy)
    }
}
