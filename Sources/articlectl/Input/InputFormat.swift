/// What a file holds.
enum InputFormat: String, CaseIterable, Sendable {
    /// One article as plain text.
    case text
    /// One article as a JSON object, several one after the other, or an array of them.
    case json
    /// One JSON object on each line.
    case jsonl

    /// By the ending of the file's name; nil if that tells nothing.
    init?(ofName name: String) {
        let file = name.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: ".") else { return nil }
        switch file[file.index(after: dot)...].lowercased() {
        case "txt", "text": self = .text
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        default: return nil
        }
    }

    /// By the first line that is not empty.
    init(firstLine: [UInt8]) {
        var line = firstLine[...]
        if line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
        line = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        switch line.first {
        case UInt8(ascii: "{"):
            if case .members? = try? JSONParser.parse(Array(line)) { self = .jsonl } else { self = .json }
        case UInt8(ascii: "["):
            // "[Mic.gov.vn] - ..." is text.
            let next = line.dropFirst().first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
            self = next == nil || next == UInt8(ascii: "{") || next == UInt8(ascii: "]") ? .json : .text
        default: self = .text
        }
    }

    /// - Parameter value: of `--format`.
    static func option(_ value: String?) throws(CommandFailure) -> InputFormat? {
        guard let value else { return nil }
        guard let format = InputFormat(rawValue: value) else {
            throw .usage("--format \(value): text, json or jsonl is expected")
        }
        return format
    }
}
