/// Where in a text of JSON5 its values stand, and which members it has twice: what the reader that gives them their meaning
/// does not tell.
///
/// It relies on that reader for whether the text is JSON5 at all. Where it does not understand it stops, and later places
/// stay unknown.
struct ConfigurationPlaces {
    /// The lines, from 1 on, by path: `limits.frame`, `listen[0]`.
    private(set) var lines: [String: Int] = [:]
    /// Members that are there twice: a reader takes one of them, and nobody knows which was meant.
    private(set) var repeated: [ConfigurationProblem] = []

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    /// As deep as any reader goes.
    private static let deepest = 512

    init(_ json5: [UInt8]) {
        bytes = json5
        _ = value("", depth: 0)
    }

    /// The line of a path, or of the nearest thing around it.
    func line(of path: String) -> Int? {
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Each part answers whether it understood what it met.
    private mutating func value(_ path: String, depth: Int) -> Bool {
        guard depth < Self.deepest else { return false }
        skipSpace()
        if !path.isEmpty { lines[path] = lines[path] ?? line }
        switch next {
        case UInt8(ascii: "{"): return object(path, depth)
        case UInt8(ascii: "["): return array(path, depth)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return quoted() != nil
        default: return !word().isEmpty
        }
    }

    private mutating func object(_ path: String, _ depth: Int) -> Bool {
        index += 1
        var names: Set<String> = []
        while true {
            skipSpace()
            if next == UInt8(ascii: "}") { return skip(1) }
            let keyLine = line
            let isQuoted = next == UInt8(ascii: "\"") || next == UInt8(ascii: "'")
            guard let name = isQuoted ? quoted() : word(), isQuoted || !name.isEmpty else { return false }
            let member = path.isEmpty ? name : "\(path).\(name)"
            if names.insert(name).inserted {
                lines[member] = keyLine
            } else {
                repeated.append(
                    ConfigurationProblem(member, "is in line \(lines[member] ?? 0) already", line: keyLine))
            }
            skipSpace()
            guard next == UInt8(ascii: ":"), skip(1), value(member, depth: depth + 1) else { return false }
            skipSpace()
            if next == UInt8(ascii: ",") { index += 1 } else if next != UInt8(ascii: "}") { return false }
        }
    }

    private mutating func array(_ path: String, _ depth: Int) -> Bool {
        index += 1
        var count = 0
        while true {
            skipSpace()
            if next == UInt8(ascii: "]") { return skip(1) }
            guard value("\(path)[\(count)]", depth: depth + 1) else { return false }
            count += 1
            skipSpace()
            if next == UInt8(ascii: ",") { index += 1 } else if next != UInt8(ascii: "]") { return false }
        }
    }

    /// What stands between quotes; an escape is taken for the character behind it, which does for names.
    private mutating func quoted() -> String? {
        let quote = next
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            index += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte == UInt8(ascii: "\\"), let escaped = next {
                index += 1
                if escaped == UInt8(ascii: "\n") { line += 1 } else { text.append(escaped) }
            } else {
                text.append(byte)
            }
        }
        return nil
    }

    /// A name without quotes, a number, or a word such as `true`.
    private mutating func word() -> String {
        let start = index
        while let byte = next, byte > 0x20, !"{}[]:,\"'/".utf8.contains(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// White space and comments.
    private mutating func skipSpace() {
        while let byte = next {
            if byte == UInt8(ascii: "\n") {
                line += 1
                index += 1
            } else if byte <= 0x20 {
                index += 1
            } else if byte == UInt8(ascii: "/"), index + 1 < bytes.count, bytes[index + 1] == byte {
                while let byte = next, byte != UInt8(ascii: "\n") { index += 1 }
            } else if byte == UInt8(ascii: "/"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "*") {
                index += 2
                while let byte = next,
                    byte != UInt8(ascii: "*") || index + 1 >= bytes.count || bytes[index + 1] != UInt8(ascii: "/")
                {
                    if byte == UInt8(ascii: "\n") { line += 1 }
                    index += 1
                }
                index = min(index + 2, bytes.count)
            } else {
                return
            }
        }
    }

    private mutating func skip(_ count: Int) -> Bool {
        index += count
        return true
    }
}
