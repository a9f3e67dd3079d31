// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Turns margins into probabilities: they are multiplied with a sharpness that goes from one for no text at all to another
/// for endless text; then softmax.
///
/// The few words of a headline are all about its topic, so the same margins mean more there than where a long text's many
/// words have been averaged; or less, if the data is such.
struct Calibration {
    /// What margins of a long text are multiplied with.
    let sharpness: Double
    /// The length of the feature vector that lies halfway between little text and much.
    let doubt: Double
    /// What share of the sharpness no text at all would have.
    let brevity: Double

    /// The part of the sharpness that is kept of what fits the parts that were held out. They are of the papers and
    /// months that were learned from; what comes later is of others, where the same margins are wrong more often.
    private static let caution = 0.95

    /// Finds what makes the right topics most likely.
    ///
    /// - Parameters:
    ///   - rows: scored by models that did not learn from them.
    ///   - labels: the right topic of each.
    init(rows: [ScoredRow], labels: [Int]) {
        var best = (loss: Double.infinity, sharpness: 1.0, doubt: 0.0, brevity: 0.0)
        for doubt in [16.0, 32, 64] {
            for brevity in [0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] {
                let scales = rows.map { Calibration.scale(of: $0.length, doubt: doubt, brevity: brevity) }
                let (loss, sharpness) = Calibration.sharpness(rows, scales, labels)
                if loss < best.loss { best = (loss, sharpness, doubt, brevity) }
            }
        }
        sharpness = best.sharpness * Calibration.caution
        doubt = best.doubt
        brevity = best.brevity
    }

    /// What the margins of a text are multiplied with, by the length of its feature vector.
    func sharpness(of length: Double) -> Double {
        sharpness * Calibration.scale(of: length, doubt: doubt, brevity: brevity)
    }

    private static func scale(of length: Double, doubt: Double, brevity: Double) -> Double {
        (length + brevity * doubt) / (length + doubt)
    }

    /// The loss has one minimum over the logarithm of the sharpness: golden section.
    private static func sharpness(_ rows: [ScoredRow], _ scales: [Double], _ labels: [Int]) -> (Double, Double) {
        var low = log(Double(0.05))
        var high = log(Double(100))
        let ratio = 0.6180339887498949
        var left = high - ratio * (high - low)
        var right = low + ratio * (high - low)
        var leftLoss = loss(rows, scales, labels, exp(left))
        var rightLoss = loss(rows, scales, labels, exp(right))
        for _ in 0..<20 {
            if leftLoss < rightLoss {
                high = right
                right = left
                rightLoss = leftLoss
                left = high - ratio * (high - low)
                leftLoss = loss(rows, scales, labels, exp(left))
            } else {
                low = left
                left = right
                leftLoss = rightLoss
                right = low + ratio * (high - low)
                rightLoss = loss(rows, scales, labels, exp(right))
            }
        }
        return (min(leftLoss, rightLoss), exp((low + high) / 2))
    }

    /// The mean negative logarithm of the right topic's probability. A little is given to the wrong ones, as Platt
    /// does: a few texts that are all right prove no certainty.
    private static func loss(_ rows: [ScoredRow], _ scales: [Double], _ labels: [Int], _ sharpness: Double) -> Double {
        var sum = 0.0
        let doubt = 1 / Double(labels.count + 2)
        for (index, row) in rows.enumerated() {
            let scale = scales[index] * sharpness
            let highest = row.margins.max() ?? 0
            let own = row.margins[labels[index]]
            let total = row.margins.reduce(0) { $0 + exp(($1 - highest) * scale) }
            let wrong = (row.margins.reduce(0, +) - own) / Double(max(row.margins.count - 1, 1))
            sum += log(total) - (own * (1 - doubt) + wrong * doubt - highest) * scale
        }
        return sum / Double(max(labels.count, 1))
    }
}

/// The natural logarithm.
func natural(_ value: Double) -> Double { log(value) }

/// A text as a model that did not learn from it sees it.
struct ScoredRow {
    /// The sum of the weights for each topic.
    let margins: [Double]
    /// The length of its feature vector before it was scaled to 1: long texts have much to go by, headlines little.
    let length: Double
}
