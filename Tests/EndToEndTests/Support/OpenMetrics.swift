// SPDX-License-Identifier: Apache-2.0
/// Reads the text format of OpenMetrics 1.0 as strictly as its specification allows, and throws what is wrong.
struct OpenMetrics {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Wrong: Error, CustomStringConvertible {
        let line: String
        let reason: String
        var description: String { "\(reason): \(line)" }
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]

    private var family = ""
    private var metadata: Set<String> = []
    private var seen: Set<String> = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n# EOF\n") else {
            throw Wrong(line: String(text.suffix(40)), reason: "no # EOF at the end")
        }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for line in lines.dropLast() {
            do {
                if line.hasPrefix("# ") { try readMetadata(line) } else { try readSample(line) }
            } catch let wrong as Wrong {
                throw Wrong(line: line, reason: wrong.reason)
            }
        }
        try checkHistograms()
    }

    /// The value of the only sample of this name that has these labels.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let found = samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        return found.count == 1 ? found[0].value : nil
    }

    private func wrong(_ reason: String) -> Wrong { Wrong(line: "", reason: reason) }

    private mutating func readMetadata(_ line: String) throws {
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, Self.isName(parts[2]) else { throw wrong("no metadata") }
        let (keyword, name, rest) = (parts[1], parts[2], parts[3])
        if keyword == "TYPE" {
            guard ["counter", "gauge", "histogram", "info", "stateset"].contains(rest) else {
                throw wrong("unknown type")
            }
            guard types.updateValue(rest, forKey: name) == nil else { throw wrong("a family twice") }
            (family, metadata) = (name, ["TYPE"])
            return
        }
        guard name == family else { throw wrong("another family's") }
        guard metadata.insert(keyword).inserted else { throw wrong("twice") }
        guard !samples.contains(where: { Self.belongs($0.name, to: name) }) else { throw wrong("behind its samples") }
        switch keyword {
        case "UNIT": guard name.hasSuffix("_\(rest)") else { throw wrong("the name does not end with its unit") }
        case "HELP": guard !rest.isEmpty else { throw wrong("empty") }
        default: throw wrong("unknown keyword")
        }
    }

    private mutating func readSample(_ line: String) throws {
        var rest = line[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        guard Self.isName(name) else { throw wrong("no name") }
        rest = rest.dropFirst(name.count)
        let labels = try readLabels(&rest)
        guard rest.first == " " else { throw wrong("one space belongs before the value") }
        let number = String(rest.dropFirst())
        guard !number.contains(" "), let value = number == "+Inf" ? Double.infinity : Double(number), !value.isNaN
        else {
            throw wrong("no number, or more than one")
        }
        guard seen.insert(name + labels.map { "\u{1}\($0.key)\u{2}\($0.value)" }.sorted().joined()).inserted else {
            throw wrong("a series twice")
        }
        try checkKind(name, labels, value)
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    private func readLabels(_ rest: inout Substring) throws -> [String: String] {
        guard rest.first == "{" else { return [:] }
        var labels: [String: String] = [:]
        repeat {
            rest = rest.dropFirst()
            let name = String(rest.prefix { $0 != "=" })
            guard Self.isName(name), !name.contains(":") else { throw wrong("no label's name") }
            rest = rest.dropFirst(name.count)
            guard rest.hasPrefix("=\"") else { throw wrong("no label's value") }
            rest = rest.dropFirst(2)
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                if character == "\\" {
                    switch rest.popFirst() {
                    case "\\": value += "\\"
                    case "\"": value += "\""
                    case "n": value += "\n"
                    default: throw wrong("no escape")
                    }
                } else {
                    value.append(character)
                }
            }
            guard labels.updateValue(value, forKey: name) == nil else { throw wrong("a label twice") }
        } while rest.first == ","
        guard rest.popFirst() == "}" else { throw wrong("the labels do not end") }
        return labels
    }

    private func checkKind(_ name: String, _ labels: [String: String], _ value: Double) throws {
        guard Self.belongs(name, to: family), let type = types[family] else {
            throw wrong("of no family, or not with it")
        }
        let suffix = name.dropFirst(family.count)
        switch type {
        case "counter": guard suffix == "_total", value >= 0, value.isFinite else { throw wrong("no counter's") }
        case "gauge": guard suffix.isEmpty else { throw wrong("no gauge's") }
        case "info": guard suffix == "_info", value == 1 else { throw wrong("no info's") }
        case "stateset":
            guard suffix.isEmpty, labels[family] != nil, value == 0 || value == 1 else { throw wrong("no state's") }
        default:
            guard ["_bucket", "_count", "_sum"].contains(suffix), value >= 0 else { throw wrong("no histogram's") }
            guard (suffix == "_bucket") == (labels["le"] != nil) else { throw wrong("le is a bucket's") }
        }
    }

    /// Buckets ascend and are cumulative, and the last one is all.
    private func checkHistograms() throws {
        for (name, _) in types.filter({ $0.value == "histogram" }) {
            for total in samples.filter({ $0.name == "\(name)_count" }) {
                let buckets = samples.filter { sample in
                    sample.name == "\(name)_bucket" && total.labels.allSatisfy { sample.labels[$0.key] == $0.value }
                }
                let bounds = buckets.map {
                    $0.labels["le"] == "+Inf" ? Double.infinity : Double($0.labels["le"] ?? "") ?? -1
                }
                guard bounds.last == .infinity, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }), bounds[0] > 0,
                    zip(buckets, buckets.dropFirst()).allSatisfy({ $0.value <= $1.value }),
                    buckets.last?.value == total.value, value("\(name)_sum", total.labels) != nil
                else { throw Wrong(line: "\(name) \(total.labels)", reason: "the buckets make no histogram") }
            }
        }
    }

    private static func belongs(_ sample: String, to family: String) -> Bool {
        guard sample.hasPrefix(family) else { return false }
        return ["", "_total", "_bucket", "_count", "_sum", "_info"].contains(sample.dropFirst(family.count))
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || scalar == "_" || scalar == ":"
        }
    }
}
