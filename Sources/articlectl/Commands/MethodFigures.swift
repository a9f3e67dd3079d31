// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// What the counts of a method mean to a person.
extension MethodStats {
    /// Requests that failed. "There is no such article", "that URL is another's" and "it is at another revision" are
    /// answers, and a caller that cancels has no answer to wait for: these are no errors.
    var failures: UInt64 {
        statuses.reduce(0) { StatusCode.answers($1.code) ? $0 : $0 &+ $1.count }
    }

    /// "12 not found, 1 internal": how often it ended with what besides OK, the most frequent first.
    var statusText: String {
        statuses.filter { $0.code != StatusCode.ok.rawValue && $0.count > 0 }
            .sorted { $0.count > $1.count }
            .map { status in
                let name = StatusCode(rawValue: status.code)?.name ?? "CODE_\(status.code)"
                return Quantity.grouped(status.count) + " " + name.lowercased().replacing("_", with: " ")
            }.joined(separator: ", ")
    }

    /// What it did since an earlier reading of the same process.
    func since(_ earlier: MethodStats?) -> MethodStats {
        guard let earlier else { return self }
        let before = Dictionary(earlier.statuses.map { ($0.code, $0.count) }) { $1 }
        let statuses = statuses.map { StatusCount(code: $0.code, count: $0.count.less(before[$0.code] ?? 0)) }
        return MethodStats(
            name: name, count: count.less(earlier.count), errors: errors.less(earlier.errors), statuses: statuses,
            latency: latency.map { $0.since(earlier.latency) })
    }
}

extension StatusCode {
    /// Whether a request that ended so was answered, and not failed.
    static func answers(_ code: UInt32) -> Bool {
        switch StatusCode(rawValue: code) {
        case .ok, .notFound, .alreadyExists, .conflict, .cancelled: true
        default: false
        }
    }
}

extension Histogram {
    private var total: UInt64 { counts.reduce(0, &+) }

    /// Nanoseconds; nil if nothing was counted.
    var mean: Double? { total > 0 ? Double(sumNs) / Double(total) : nil }

    /// The upper bound of the bucket in which this share of all lies; infinite for the last.
    func bound(of share: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = Double(total) * share
        var seen = 0.0
        for (index, count) in counts.enumerated() {
            seen += Double(count)
            if seen >= rank { return index < boundsNs.count ? Double(boundsNs[index]) : .infinity }
        }
        return .infinity
    }

    fileprivate func since(_ earlier: Histogram?) -> Histogram {
        guard let earlier, earlier.counts.count == counts.count else { return self }
        return Histogram(
            boundsNs: boundsNs, counts: zip(counts, earlier.counts).map { $0.less($1) },
            sumNs: sumNs.less(earlier.sumNs))
    }
}

extension UInt64 {
    /// How much more it is; 0 if it is less, which only a peer that counts wrongly tells.
    func less(_ earlier: UInt64) -> UInt64 { self > earlier ? self - earlier : 0 }
}

extension HealthState {
    var word: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        }
    }

    var colour: Style.Colour {
        switch self {
        case .healthy: .green
        case .degraded: .yellow
        case .unhealthy: .red
        }
    }
}
