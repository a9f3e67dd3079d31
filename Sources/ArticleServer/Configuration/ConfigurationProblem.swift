// SPDX-License-Identifier: Apache-2.0
internal import JSONTree

/// One thing that is wrong with a configuration.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// What an error points at: the name of a member, or its value.
    enum Subject: Sendable {
        case name
        case value
    }

    /// Which member: `limits.frame`, `listen[0]`; empty for the whole.
    let path: JSONPath
    /// What is wrong, and what would be right.
    let text: String
    let subject: Subject
    /// Where it is in the file, if the path does not tell.
    let offset: Int?

    init(_ path: JSONPath, _ text: String, about subject: Subject = .value, at offset: Int? = nil) {
        self.path = path
        self.text = text
        self.subject = subject
        self.offset = offset
    }

    fileprivate func offset(in places: JSONDocument.Places) -> Int {
        if let offset { return offset }
        return switch subject {
        case .name: places.name(at: path)
        case .value: places.value(at: path)
        }
    }

    /// How an unknown member is reported; plugins use the same words.
    static let unknown = "unknown member"

    public var description: String { path.isEmpty ? text : "\(path): \(text)" }
}

/// Collects what is wrong with a configuration, so that all of it is reported at once.
final class ConfigurationProblems {
    private(set) var found: [ConfigurationProblem] = []

    func add(_ path: JSONPath, _ text: String, about subject: ConfigurationProblem.Subject = .value) {
        found.append(ConfigurationProblem(path, text, about: subject))
    }
}

/// The file that a configuration came from. It says where in it something is wrong.
public struct ConfigurationSource: Sendable {
    public let path: String
    let document: JSONDocument

    /// Throws if the bytes are too many, or not JSON5.
    init(path: String, _ bytes: [UInt8]) throws(StartError) {
        guard bytes.count <= ConfigurationFile.maxSize else {
            throw StartError(
                .configuration, "\(path): too large; at most \(ConfigurationFile.maxSize) bytes are allowed")
        }
        do throws(JSONError) {
            document = try JSONDocument(json5: bytes)
        } catch {
            throw StartError(.configuration, Self.text(path, error.place, error.message, bytes))
        }
        self.path = path
    }

    /// For each problem, in the order of the file, its place, what is wrong, and the line itself:
    ///
    ///     /etc/articled/articled.json5:12:13: limits.frame: must be from 8 KiB to 256 MiB
    ///        12 |     frame: "1 B",
    ///           |            ^
    func text(of problems: [ConfigurationProblem]) -> [String] {
        let places = document.places
        let placed = problems.map { (offset: $0.offset(in: places), problem: $0) }.sorted { $0.offset < $1.offset }
        let shown = placed.prefix(Self.maxShown).map { offset, problem in
            Self.text(path, document.place(of: offset), problem.description, document.bytes)
        }
        let hidden = placed.count - shown.count
        return hidden > 0 ? shown + ["\(path): \(hidden) more problems are not shown"] : shown
    }

    private static let maxShown = 100

    private static func text(_ path: String, _ place: JSONPlace, _ text: String, _ bytes: [UInt8]) -> String {
        "\(path):\(place.line):\(place.column): \(text)\n\(place.excerpt(of: bytes))"
    }
}
