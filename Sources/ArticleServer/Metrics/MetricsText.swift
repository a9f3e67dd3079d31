// SPDX-License-Identifier: Apache-2.0
/// Writes the text format of OpenMetrics 1.0, which Prometheus reads:
/// https://prometheus.io/docs/specs/om/open_metrics_spec/.
///
/// `family` begins a metric, `sample` adds to it, `finish` ends the text.
struct MetricsText {
    /// The media type for HTTP.
    static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// The metric types that are used here.
    enum Kind: String { case counter, gauge, histogram, info, stateset }

    typealias Label = (name: String, value: String)

    private(set) var text = ""
    private var name = ""
    private var families: Set<String> = []

    /// Begins a metric family.
    ///
    /// - Parameters:
    ///   - name: without the suffix of its samples; ends with the unit, if there is one.
    ///   - help: a sentence without a line break.
    mutating func family(_ name: String, _ kind: Kind, unit: String? = nil, _ help: String) {
        self.name = name
        families.insert(name)
        text += "# TYPE \(name) \(kind.rawValue)\n"
        if let unit { text += "# UNIT \(name) \(unit)\n" }
        text += "# HELP \(name) \(help)\n"
    }

    /// Whether there is a family with this name.
    func hasFamily(_ name: String) -> Bool { families.contains(name) }

    /// The one sample of a family.
    mutating func sample(_ value: some MetricValue) { sample("", [], value) }

    /// The one sample of a family whose type asks for a suffix.
    mutating func sample(_ suffix: String, _ value: some MetricValue) { sample(suffix, [], value) }

    /// One of several samples.
    mutating func sample(_ suffix: String, _ labels: [Label], _ value: some MetricValue) {
        sample(suffix, labels, text: value.metricText)
    }

    /// The last line. Without it a reader takes the text as truncated.
    mutating func finish() { text += "# EOF\n" }

    private mutating func sample(_ suffix: String, _ labels: [Label], text value: String) {
        text += name
        text += suffix
        for (index, label) in labels.enumerated() {
            text += index == 0 ? "{" : ","
            text += label.name
            text += "=\""
            for character in label.value.unicodeScalars {
                switch character {
                case "\\": text += "\\\\"
                case "\"": text += "\\\""
                case "\n": text += "\\n"
                default: text.unicodeScalars.append(character)
                }
            }
            text += "\""
        }
        if !labels.isEmpty { text += "}" }
        text += " \(value)\n"
    }
}

/// A number that can be a sample's value.
protocol MetricValue {
    var metricText: String { get }
}

extension UInt64: MetricValue {
    var metricText: String { description }
}

extension Double: MetricValue {
    /// The canonical form: "0.001", "1.0", "+Inf".
    var metricText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        return description
    }
}
