import Glibc

/// Turns margins into probabilities: they are multiplied with one sharpness, then softmax.
struct Calibration {
    /// The sharpness under which what was held out is most likely.
    let sharpness: Double

    /// `margins`: of rows that the scoring model did not learn from; `labels`: the right topic of each.
    init(margins: [[Double]], labels: [Int]) {
        // The loss has one minimum over the logarithm of the sharpness: golden section.
        var low = natural(0.05)
        var high = natural(100)
        let ratio = 0.6180339887498949
        var left = high - ratio * (high - low)
        var right = low + ratio * (high - low)
        var leftLoss = Calibration.loss(margins, labels, exponential(left))
        var rightLoss = Calibration.loss(margins, labels, exponential(right))
        for _ in 0..<40 {
            if leftLoss < rightLoss {
                high = right
                right = left
                rightLoss = leftLoss
                left = high - ratio * (high - low)
                leftLoss = Calibration.loss(margins, labels, exponential(left))
            } else {
                low = left
                left = right
                leftLoss = rightLoss
                right = low + ratio * (high - low)
                rightLoss = Calibration.loss(margins, labels, exponential(right))
            }
        }
        sharpness = exponential((low + high) / 2)
    }

    /// The mean negative logarithm of the right topic's probability. A little is given to the wrong ones, as Platt
    /// does: a few texts that are all right prove no certainty.
    private static func loss(_ margins: [[Double]], _ labels: [Int], _ sharpness: Double) -> Double {
        var sum = 0.0
        let doubt = 1 / Double(labels.count + 2)
        for (row, label) in zip(margins, labels) {
            let highest = row.max() ?? 0
            let total = row.reduce(0) { $0 + exponential(($1 - highest) * sharpness) }
            let right = row[label] * (1 - doubt)
            let wrong = (row.reduce(0, +) - row[label]) * doubt / Double(max(row.count - 1, 1))
            sum += natural(total) - (right + wrong - highest) * sharpness
        }
        return sum / Double(max(labels.count, 1))
    }
}

/// The natural logarithm.
func natural(_ value: Double) -> Double { log(value) }

func exponential(_ value: Double) -> Double { exp(value) }

func frequencyWeight(_ count: Int) -> Float { count < 1 ? 0 : 1 + Float(log(Double(count))) }
