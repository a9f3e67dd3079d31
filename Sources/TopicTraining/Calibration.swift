import Glibc

/// Turns margins into probabilities: they are multiplied with a sharpness, and with length / (length + doubt) so that
/// little text gives little certainty; then softmax.
struct Calibration {
    /// What margins are multiplied with.
    let sharpness: Double
    /// The length of the feature vector at which half of the sharpness is reached.
    let doubt: Double

    /// The part of the sharpness that is kept of what fits the parts that were held out. They are of the papers and
    /// months that were learned from; what comes later is of others, where the same margins are wrong more often.
    private static let caution = 0.8

    /// Finds what makes the right topics most likely.
    ///
    /// - Parameters:
    ///   - rows: scored by models that did not learn from them.
    ///   - labels: the right topic of each.
    init(rows: [ScoredRow], labels: [Int]) {
        let doubts: [Double] = [0, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128]
        var best = (loss: Double.infinity, sharpness: 1.0, doubt: 0.0)
        for doubt in doubts {
            let scales = rows.map { $0.length / ($0.length + max(doubt, 1e-9)) }
            let (loss, sharpness) = Calibration.sharpness(rows, scales, labels)
            if loss < best.loss { best = (loss, sharpness, doubt) }
        }
        sharpness = best.sharpness * Calibration.caution
        self.doubt = best.doubt
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
