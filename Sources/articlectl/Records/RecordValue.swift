// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import JSONTree

/// A member of a record, read as the type that a field needs.
struct RecordValue {
    let name: String
    let value: JSON
    private let slugs: TopicSlugs

    init(name: String, value: JSON, slugs: TopicSlugs = TopicSlugs()) {
        self.name = name
        self.value = value
        self.slugs = slugs
    }

    private func unexpected(_ wanted: String) -> RecordError {
        RecordError("\"\(name)\": \(wanted) is expected; this is \(value.kind)")
    }

    /// A text, a number, or several texts. An object is a text if it has one as systems of others wrap it: WordPress'
    /// {"rendered": "..."}, JSON-LD's {"@value": "..."}, XML's {"#text": "..."}.
    func text(joinedBy separator: String = ", ") throws(RecordError) -> String {
        switch value {
        case .string(let text), .number(let text): return text
        case .array(let values):
            var texts: [String] = []
            for value in values where value != .null {
                texts.append(try RecordValue(name: name, value: value).text(joinedBy: separator))
            }
            return texts.joined(separator: separator)
        case .members:
            for wrapper in ["rendered", "@value", "#text", "__text"] {
                if let inner = value[wrapper] {
                    return try RecordValue(name: "\(name).\(wrapper)", value: inner).text(joinedBy: separator)
                }
            }
            throw unexpected("a string")
        default: throw unexpected("a string")
        }
    }

    /// The same, of a field with a limit in bytes.
    func text(most: Int) throws(RecordError) -> String { try checked(text(), most) }

    /// A name, or a person or an organization of schema.org: {"@type": "Person", "name": "..."}; or several.
    func named(most: Int) throws(RecordError) -> String { try checked(named(), most) }

    private func named() throws(RecordError) -> String {
        switch value {
        case .array(let values):
            var names: [String] = []
            for value in values where value != .null { names.append(try RecordValue(name: name, value: value).named()) }
            return names.filter { !$0.isEmpty }.joined(separator: ", ")
        case .members:
            for member in ["name", "title", "display_name"] {
                if case .string(let text)? = value[member], !text.isBlank { return text }
            }
            return try text()
        default: return try text()
        }
    }

    private func checked(_ text: String, _ most: Int) throws(RecordError) -> String {
        guard text.utf8.count <= most else {
            throw RecordError("\"\(name)\" has \(text.utf8.count) bytes; at most \(most) are allowed")
        }
        return text
    }

    /// An absolute URL; of schema.org's mainEntityOfPage its "@id".
    func url() throws(RecordError) -> String {
        var text = ""
        if case .members = value, case .string(let id)? = value["@id"] ?? value["url"] ?? value["href"] {
            text = id
        } else {
            text = try self.text()
        }
        text = String(text.trimmingBlanks)
        guard !text.isEmpty else { return "" }
        let scheme = text.prefix { $0 != ":" }
        guard scheme.utf8.count < text.utf8.count - 1, let first = scheme.utf8.first,
            (0x61...0x7a).contains(first | 0x20),
            scheme.utf8.allSatisfy({
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || ($0 >= 0x2b && $0 <= 0x39 && $0 != 0x2f && $0 != 0x2c)
            })
        else { throw RecordError("\"\(name)\": \"\(text.prefix(80))\" is no absolute URL, as https://example.vn/1") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw RecordError("\"\(name)\": the URL \"\(text.prefix(80))\" has a blank or a control character in it")
        }
        return try checked(text, Limits.url)
    }

    /// Any value as the text of an attribute: a string as it is, everything else as JSON.
    var plain: String {
        switch value {
        case .string(let text): text
        default: value.text
        }
    }

    /// A time as people and programs write it (see ``WrittenTime``), without a zone in UTC; or a number since 1970, in the
    /// unit that its size tells. 0 if there is none.
    func time() throws(RecordError) -> (Int64, RecordNote?) {
        switch value {
        case .string(let text):
            let text = text.trimmingBlanks
            if text.isEmpty || text.hasPrefix("0000-00-00") { return (0, nil) }
            if let time = TimeText.parse(String(text), zone: .utc) { return (time, nil) }
            // As .NET writes it.
            if text.hasPrefix("/Date("), text.hasSuffix(")/"), let time = Int64(text.dropFirst(6).dropLast(2)),
                Limits.times.contains(time)
            {
                return (time, nil)
            }
            if let number = Double(text), text.utf8.allSatisfy({ $0 <= 0x39 }),
                !(text.utf8.count == 8 || text.utf8.count == 14)
            {
                return try time(of: number, String(text))
            }
            guard let written = WrittenTime(String(text)) else {
                throw RecordError(
                    "\"\(name)\": \"\(text.prefix(80))\" is no time; one looks like 2009-06-15T10:20:00+07:00 or 15/06/2009 10:20"
                )
            }
            return (written.clock - (written.ahead ?? 0), nil)
        case .number(let text):
            guard let number = Double(text) else { throw RecordError("\"\(name)\": \(text) is no time") }
            return try time(of: number, text)
        case .members:
            // MongoDB's extended JSON.
            for wrapper in ["$date", "$numberLong", "@value", "#text"] {
                if let inner = value[wrapper] {
                    return try RecordValue(name: "\(name).\(wrapper)", value: inner).time()
                }
            }
            throw unexpected("a time")
        default: throw unexpected("a time")
        }
    }

    /// Seconds, milliseconds, microseconds or nanoseconds: below 10^11, 10^14 and 10^17. As milliseconds the first would lie
    /// before 1973, the second go beyond the year 5000.
    private func time(of number: Double, _ text: String) throws(RecordError) -> (Int64, RecordNote?) {
        let size = abs(number)
        if let digits = Int(text), (19_000_101...21_001_231).contains(digits), let written = WrittenTime(text) {
            return (written.clock, nil)  // 20200901
        }
        if (1000..<3000).contains(size), size == size.rounded() {
            throw RecordError("\"\(name)\": \(text) looks like a year, which is no time")
        }
        let (unit, milliseconds) =
            size < 1e11
            ? ("seconds", number * 1000)
            : size < 1e14
                ? ("milliseconds", number)
                : size < 1e17 ? ("microseconds", number / 1e3) : ("nanoseconds", number / 1e6)
        guard let time = Int64(exactly: milliseconds.rounded()), Limits.times.contains(time) else {
            throw RecordError("\"\(name)\": \(text) is no time")
        }
        guard unit != "milliseconds", number != 0 else { return (time, nil) }
        return (time, RecordNote(kind: "\(name) in \(unit)", "\"\(name)\": \(text) is read as \(unit) since 1970"))
    }

    /// A label, or several, or objects with slug, score and name. Labels that mean the same topic are one; objects stay
    /// as they are.
    func topics() throws(RecordError) -> ([Topic], [RecordNote]) {
        guard case .array(let values) = value else {
            let (topic, note) = try topic(value)
            return ([topic].compactMap { $0 }, [note].compactMap { $0 })
        }
        var topics: [Topic] = []
        var notes: [RecordNote] = []
        var faults: [(value: JSON, error: RecordError)] = []
        for value in values where value != .null {
            let read: (topic: Topic?, note: RecordNote?)
            do throws(RecordError) {
                read = try topic(value)
            } catch {
                faults.append((value, error))
                continue
            }
            if let note = read.note { notes.append(note) }
            guard let topic = read.topic else { continue }
            if case .string = value, topics.contains(where: { $0.slug == topic.slug }) { continue }
            guard topics.count < Limits.topics else {
                notes.append(
                    RecordNote(
                        kind: "too many topics",
                        "\"\(name)\" has more than \(Limits.topics) topics: the others are left out",
                        isLoss: true))
                break
            }
            topics.append(topic)
        }
        // What is no topic does not cost the others.
        if let first = faults.first, topics.isEmpty { throw first.error }
        notes += faults.map { value, error in
            RecordNote(
                kind: "a topic of \(name)", "\(error.message); \(value.text.prefix(60)) is left out", isLoss: true)
        }
        return (topics, notes)
    }

    private func topic(_ value: JSON) throws(RecordError) -> (Topic?, RecordNote?) {
        switch value {
        case .string(let label):
            guard !label.isBlank else { return (nil, nil) }
            let (slug, note) = try slug(label)
            return (Topic(slug: slug, score: 1, name: slug == label ? "" : label), note)
        case .members:
            var topic = Topic(score: 1)
            var note: RecordNote?
            for member in ["name", "title", "label", "term"] where topic.name.isEmpty {
                if case .string(let text)? = value[member] { topic.name = try checked(text, Limits.topicName) }
            }
            if case .string(let given)? = value["slug"] { topic.slug = given }
            guard !topic.slug.isBlank || !topic.name.isBlank else {
                throw RecordError("\"\(name)\": a topic needs a slug or a name")
            }
            if !Self.isSlug(topic.slug) { (topic.slug, note) = try slug(topic.slug.isEmpty ? topic.name : topic.slug) }
            if let given = value["score"], given != .null {
                guard let score = given.double, score >= 0, score <= 1 else {
                    throw RecordError("\"\(name)\": the score \(given.text) is not between 0 and 1")
                }
                topic.score = Float(score)
            }
            return (topic, note)
        default: throw RecordError("\"\(name)\": a topic is a string or an object; this is \(value.kind)")
        }
    }

    private static func isSlug(_ text: String) -> Bool {
        (1...Limits.slug).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }

    private func slug(_ label: String) throws(RecordError) -> (String, RecordNote?) {
        guard let found = slugs.slug(of: try checked(label, Limits.topicName)) else {
            throw RecordError("\"\(name)\": \"\(label)\" has neither a letter nor a digit to name a topic by")
        }
        return (found.slug, found.note)
    }

    func attributes() throws(RecordError) -> [String: String] {
        guard case .members(let members) = value else { throw unexpected("an object") }
        var attributes: [String: String] = [:]
        for member in members where member.value != .null {
            attributes[member.name] = RecordValue(name: member.name, value: member.value).plain
        }
        return attributes
    }

    func rating() throws(RecordError) -> Rating {
        guard case .members = value, value["count"] != nil || value["sum"] != nil else {
            throw unexpected("an object with count and sum")
        }
        return Rating(count: try integer("count"), sum: try integer("sum"))
    }

    private func integer<Number: FixedWidthInteger>(_ member: String) throws(RecordError) -> Number {
        switch value[member] {
        case nil: return 0
        case .number(let text)?:
            guard let number = Number(text) else {
                throw RecordError("\"\(name).\(member)\": \(text) is no whole number in range")
            }
            return number
        case let other?: throw RecordError("\"\(name).\(member)\": a number is expected; this is \(other.kind)")
        }
    }

    func original() throws(RecordError) -> Original {
        guard case .members = value else { throw unexpected("an object with head and tail") }
        var original = Original(head: try bytes("head"), tail: try bytes("tail"))
        if case .string(let type)? = value["media_type"] { original.mediaType = type }
        return original
    }

    private func bytes(_ member: String) throws(RecordError) -> [UInt8] {
        switch value[member] {
        case nil: return []
        case .string(let text)?:
            guard let bytes = Base64.decode(text) else {
                throw RecordError("\"\(name).\(member)\" is not valid Base64")
            }
            return bytes
        case let other?: throw RecordError("\"\(name).\(member)\": Base64 is expected; this is \(other.kind)")
        }
    }
}

extension StringProtocol {
    /// Whether nobody would see anything of it: white space, no-break spaces, spaces without width, byte order marks.
    var isBlank: Bool { unicodeScalars.allSatisfy(\.isBlank) }

    var trimmingBlanks: SubSequence {
        var part = self[...]
        while let first = part.unicodeScalars.first, first.isBlank {
            part = part[part.unicodeScalars.index(after: part.startIndex)...]
        }
        while let last = part.unicodeScalars.last, last.isBlank {
            part = part[..<part.unicodeScalars.index(before: part.endIndex)]
        }
        return part
    }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool {
        properties.isWhitespace || [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad].contains(value) || value < 0x20
    }
}

extension JSON {
    /// Whether it holds nothing: a blank string, an empty array or object.
    var isBlank: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isBlank
        case .array(let values): values.allSatisfy(\.isBlank)
        case .members(let members): members.isEmpty
        case .bool, .number: false
        }
    }
}
