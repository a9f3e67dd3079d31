/// One line of the log, in the form of either place that it may go to.
struct LogRecord {
    /// Bytes of a message or of a field's value. A peer or a plugin may have had its word in either.
    static let longest = 8192

    let level: Log.Level
    let message: String
    let fields: [String: String]

    /// For people: "21:30:05.017 warning: no space is left PLUGIN=lmdb-storage". A control character, which could forge
    /// a line or steer a terminal, is written as its number.
    func line(at time: String) -> String { "\(time) \(level.name): \(text)\n" }

    /// For a journal that reads what is written to stderr: "<4>no space is left PLUGIN=lmdb-storage", as in sd-daemon(3).
    var streamLine: String { "<\(level.rawValue)>\(text)\n" }

    private var text: String {
        var text = ""
        Self.append(message, to: &text)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            text += " \(name)="
            Self.append(value, to: &text)
        }
        return text
    }

    /// For the journal: "NAME=value", each; values may have any bytes.
    var journalFields: [String] {
        var all = ["MESSAGE=\(Self.cut(message))", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=articled"]
        for (name, value) in fields where Self.isFieldName(name) { all.append("\(name)=\(Self.cut(value))") }
        return all
    }

    /// Whether the journal takes it, and whether it is not one of ours above.
    static func isFieldName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (65...90).contains(first), name.utf8.count <= 64 else { return false }
        guard !["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"].contains(name) else { return false }
        return name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    private static func append(_ text: String, to line: inout String) {
        for scalar in cut(text).unicodeScalars {
            if scalar.properties.generalCategory == .control {
                line += "\\x" + String(scalar.value, radix: 16)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longest else { return text }
        return String(decoding: text.utf8.prefix(longest - 3), as: UTF8.self) + "..."
    }
}
