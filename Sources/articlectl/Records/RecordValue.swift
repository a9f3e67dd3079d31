// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import JSONTree

/// A member of a record, read as the type that a field needs.
struct RecordValue {
    let name: String
    let value: JSON

    private func unexpected(_ wanted: String) -> RecordError {
        RecordError("\"\(name)\": \(wanted) is expected; this is \(value.kind)")
    }

    /// A text, a number, or several texts, which are joined with commas.
    func text() throws(RecordError) -> String {
        switch value {
        case .string(let text), .number(let text): return text
        case .array(let values):
            var texts: [String] = []
            for value in values { texts.append(try RecordValue(name: name, value: value).text()) }
            return texts.joined(separator: ", ")
        default: throw unexpected("a string")
        }
    }

    /// Any value as the text of an attribute: a string as it is, everything else as JSON.
    var plain: String {
        switch value {
        case .string(let text): text
        default: value.text
        }
    }

    /// RFC 3339, a date, or a number: milliseconds since 1970, or seconds if it is too small for the milliseconds of any
    /// article (below 10^11, which is 1973).
    func time() throws(RecordError) -> Int64 {
        switch value {
        case .string(let text):
            guard let time = TimeText.parse(text, zone: .utc) else {
                throw RecordError(
                    "\"\(name)\": \"\(text)\" is no time; one looks like 2009-06-15T10:20:00+07:00 or 2009-06-15")
            }
            return time
        case .number(let text):
            guard let number = Double(text), abs(number) < 2.6e14 else {
                throw RecordError("\"\(name)\": \(text) is no time")
            }
            return abs(number) < 1e11 ? Int64((number * 1000).rounded()) : Int64(number.rounded())
        default: throw unexpected("a time")
        }
    }

    /// A label, or several, or objects with slug, score and name. Labels that mean the same topic are one; objects stay
    /// as they are.
    func topics() throws(RecordError) -> [Topic] {
        guard case .array(let values) = value else { return [try topic(value)].compactMap { $0 } }
        var topics: [Topic] = []
        for value in values {
            guard let topic = try topic(value) else { continue }
            if case .string = value, topics.contains(where: { $0.slug == topic.slug }) { continue }
            topics.append(topic)
        }
        return topics
    }

    private func topic(_ value: JSON) throws(RecordError) -> Topic? {
        switch value {
        case .string(let label):
            guard !label.isEmpty else { return nil }
            let slug = try slug(label)
            return Topic(slug: slug, score: 1, name: slug == label ? "" : label)
        case .members:
            var topic = Topic(score: 1)
            if case .string(let name)? = value["name"] { topic.name = name }
            if case .string(let given)? = value["slug"] { topic.slug = given }
            if topic.slug.isEmpty { topic.slug = try slug(topic.name) }
            if case .number(let text)? = value["score"] {
                guard let score = Float(text), score >= 0, score <= 1 else {
                    throw RecordError("\"\(name)\": the score \(text) is not between 0 and 1")
                }
                topic.score = score
            }
            return topic
        default: throw RecordError("\"\(name)\": a topic is a string or an object; this is \(value.kind)")
        }
    }

    private func slug(_ label: String) throws(RecordError) -> String {
        let slug = NormalForm.slug(label)
        guard !slug.isEmpty else { throw RecordError("\"\(name)\": \"\(label)\" has no letter to name a topic by") }
        return slug
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
        guard case .members = value else { throw unexpected("an object with count and sum") }
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
