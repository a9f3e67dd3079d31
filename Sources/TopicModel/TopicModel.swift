// SPDX-License-Identifier: Apache-2.0
/// A trained model. It is immutable, so any number of threads may score with one model.
public final class TopicModel: Sendable {
    /// The name, the topics and the provenance.
    public let description: ModelDescription
    /// The CRC-32C of the file. It distinguishes models of the same name.
    public let checksum: UInt32
    /// A verdict with a lower probability is undecided.
    public let threshold: Float
    /// The size of the file in bytes.
    public let fileSize: Int

    let header: ModelHeader
    let file: ModelMemory
    let markedBias: [Float]
    let plainBias: [Float]

    /// The topics, in the order of a verdict's scores.
    public var topics: [TopicLabel] { description.topics }

    /// The name and the checksum, for people and logs: `vntc-10 (6c1f20a3)`.
    public var identity: String {
        let digits = String(checksum, radix: 16)
        return "\(description.name) (\(String(repeating: "0", count: 8 - digits.count))\(digits))"
    }

    /// Reads the model file at `path` and checks all of it.
    public convenience init(path: String) throws(TopicModelError) { try self.init(ModelFile(path: path)) }

    /// Reads an open model file and checks all of it. A file may be read several times.
    public convenience init(_ source: ModelFile) throws(TopicModelError) {
        try self.init(ModelMemory(source), of: source.path)
    }

    /// Checks the bytes of a model file; messages call it `name`.
    public convenience init(bytes: [UInt8], name: String) throws(TopicModelError) {
        try self.init(ModelMemory(copying: bytes, name: name), of: name)
    }

    private init(_ memory: ModelMemory, of path: String) throws(TopicModelError) {
        file = memory
        header = unsafe try ModelHeader(reading: file.bytes, of: path)
        checksum = header.checksum
        threshold = header.threshold
        fileSize = unsafe file.bytes.count
        // The header was checked: the section is within the file.
        let words = unsafe UnsafeRawBufferPointer(
            rebasing: file.bytes[Int(header.descriptionOffset)...][
                ..<(Int(header.descriptionOffset) + Int(header.descriptionSize))])
        guard let description = unsafe ModelDescription(decoding: words),
            description.topics.count == Int(header.topics)
        else { throw ModelHeader.damaged(path, "its description cannot be read") }
        self.description = description
        let count = Int(header.topics)
        let bytes = unsafe file.bytes
        let biases = (0..<count * 2).map { index in
            unsafe Float(bitPattern: bytes.number(at: ModelHeader.size + index * 4, as: UInt32.self))
        }
        guard biases.allSatisfy(\.isFinite) else { throw ModelHeader.damaged(path, "a bias is not a number") }
        markedBias = Array(biases[..<count])
        plainBias = Array(biases[count...])
    }
}

/// The description in a model file: lines of `key: value`, in UTF-8.
public struct ModelDescription: Sendable, Equatable {
    /// The model's name: `vntc-10`.
    public var name: String
    /// The topics, in the order of the weights.
    public var topics: [TopicLabel]
    /// Where the model comes from, how to rebuild it, and how good it is: one fact per line.
    public var provenance: [String]

    /// Creates a description.
    public init(name: String, topics: [TopicLabel], provenance: [String]) {
        self.name = name
        self.topics = topics
        self.provenance = provenance
    }

    /// The encoded description.
    func encoded() -> [UInt8] {
        var text = "name: \(name)\n"
        for topic in topics { text += "topic: \(topic.slug) \(topic.trainingArticles) \(topic.name)\n" }
        for line in provenance {
            text += "provenance: \(line.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
        }
        return [UInt8](text.utf8)
    }

    /// Decodes a description; nil if it is invalid.
    init?(decoding bytes: UnsafeRawBufferPointer) {
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else { return nil }
        var name: String?
        topics = []
        provenance = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon] {
            case "name": name = String(value)
            case "provenance": provenance.append(String(value))
            case "topic":
                let parts = value.split(separator: " ", maxSplits: 2)
                guard parts.count == 3, let count = Int(parts[1]), count >= 0, Slug.isValid(parts[0]) else {
                    return nil
                }
                topics.append(TopicLabel(slug: String(parts[0]), name: String(parts[2]), trainingArticles: count))
            default: continue  // a key of a newer version
            }
        }
        guard let name, Set(topics.map(\.slug)).count == topics.count else { return nil }
        self.name = name
    }
}

/// One of a model's topics.
public struct TopicLabel: Sendable, Hashable {
    /// The stable name: `[a-z0-9-]`, at most 63 bytes.
    public let slug: String
    /// The name for people.
    public let name: String
    /// How many articles of this topic the model was trained on.
    public let trainingArticles: Int

    /// Creates a topic.
    public init(slug: String, name: String, trainingArticles: Int) {
        self.slug = slug
        self.name = name
        self.trainingArticles = trainingArticles
    }
}

/// The stable names of topics: `[a-z0-9-]`, 1 to 63 bytes.
public enum Slug {
    /// Whether `text` may be a slug.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }

    /// The slug of a name: "Chính trị - Xã hội" gives `chinh-tri-xa-hoi`. Empty if the name has no Latin letter or
    /// digit.
    public static func make(_ name: String) -> String {
        var slug: [UInt8] = []
        for scalar in name.unicodeScalars {
            if let digit = UInt8(exactly: scalar.value), (0x30...0x39).contains(digit) {
                slug.append(digit)
                continue
            }
            let letter = Letter(describing: scalar.value)
            if letter.kind == Letter.Kind.letter.rawValue, (0x61...0x7a).contains(letter.base) {
                slug.append(UInt8(letter.base))
            } else if letter.kind == Letter.Kind.other.rawValue, slug.last != 0x2d, !slug.isEmpty {
                slug.append(0x2d)
            }
        }
        while slug.last == 0x2d || slug.count > 63 { slug.removeLast() }
        return String(decoding: slug, as: UTF8.self)
    }
}

/// Why a model, a data set or a training was rejected.
public struct TopicModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: Sendable, Equatable {
        /// The file cannot be opened or read.
        case unreadable
        /// The file is not a topic model at all.
        case foreign
        /// The file is a topic model of a format that this version does not support.
        case unsupported
        /// The file is a topic model, but its content is damaged.
        case damaged
        /// The training data or the options cannot make a model.
        case unsuitable
        /// The file cannot be written.
        case unwritable
    }

    /// The kind of failure.
    public let code: Code
    /// What was wrong, where, and what to do about it.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
