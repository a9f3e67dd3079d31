// SPDX-License-Identifier: Apache-2.0

internal import JSONTree
internal import Spelling

/// Reads a section into a type, and finds everything that is wrong with it.
///
/// The type decides alone what is right: a section is accepted if the type decodes from it as from any decoder. A type
/// stops at the first error, though. So the section is read again, with the member that was wrong left out, or replaced by
/// a value that has its type, until nothing else is wrong. A type that has no such value ends the search.
struct SettingsReader {
    private let tree: JSON
    /// More problems than a person reads, or than are found soon in a large section, end the search.
    private let maxProblems: Int

    init(_ tree: JSON) {
        self.tree = tree
        maxProblems = min(100, max(10, 500_000 / tree.count))
    }

    /// - Returns: nil if some member has no value. It is only to be used if there are no problems, or to find more of them.
    func read<Settings: Decodable>(_ type: Settings.Type, _ problems: inout SettingsProblems) -> Settings? {
        let trace = SettingsTrace()
        defer { trace.reportUnknown(&problems) }
        while true {
            do {
                let settings = try Settings(from: SettingsDecoder(tree, JSONPath(), trace, []))
                if Settings.self != AnySettings.self { trace.noteUnread(tree) }
                return settings
            } catch {
                let (path, text) = trace.explain(error)
                problems.add(path, text)
                guard !path.isEmpty, trace.count < maxProblems, trace.replace(path) else { return nil }
            }
        }
    }
}

extension JSON {
    /// How many values there are in all.
    fileprivate var count: Int {
        switch self {
        case .null, .bool, .number, .string: 1
        case .array(let values): values.reduce(1) { $0 + $1.count }
        case .members(let members): members.reduce(1) { $0 + $1.value.count }
        }
    }
}

/// What is known about a section while it is read again and again.
final class SettingsTrace {
    /// Members that are wrong or missing.
    private var wrong: Set<JSONPath> = []
    var count: Int { wrong.count }

    func isWrong(_ path: JSONPath) -> Bool { wrong.contains(path) }

    /// From now on something else stands at this path. False if that did not help.
    func replace(_ path: JSONPath) -> Bool {
        failure = (0, JSONPath(), DecodingError.self)
        return wrong.insert(path).inserted
    }

    // MARK: Unknown members

    private struct Object {
        let names: [String]
        /// By the coding keys of any type that read the object.
        var known: Set<String> = []
        /// Names that some type asked for.
        var wanted: Set<String> = []
        /// No type looked at the members.
        var isUnread = false
    }
    private var objects: [JSONPath: Object] = [:]

    /// An object is read through a type of coding keys.
    func read<Key: CodingKey>(_ members: [String: JSON], at path: JSONPath, _ type: Key.Type) {
        var object = objects[path] ?? Object(names: members.keys.sorted())
        for name in object.names where Key(stringValue: name) != nil { object.known.insert(name) }
        objects[path] = object
    }

    func want(_ name: String, of path: JSONPath) { objects[path]?.wanted.insert(name) }

    /// A type that never looked at the section has no members.
    func noteUnread(_ tree: JSON) {
        guard objects[JSONPath()] == nil, case .members(let members) = tree else { return }
        objects[JSONPath()] = Object(names: Set(members.map(\.name)).sorted(), isUnread: true)
    }

    func reportUnknown(_ problems: inout SettingsProblems) {
        var room = 100
        let suspects = objects.filter { $1.known.count < $1.names.count }.map { ("\($0)", $0, $1) }
        for (_, path, object) in suspects.sorted(by: { $0.0 < $1.0 }) {
            let wanted = object.wanted.sorted()
            for name in object.names where !object.known.contains(name) {
                guard room > 0 else { return }
                room -= 1
                let advice =
                    if object.isUnread {
                        "; there is nothing to set here"
                    } else if let meant = Suggestion.closest(to: name, among: wanted) {
                        "; did you mean \(meant)?"
                    } else {
                        wanted.isEmpty ? "" : "; there are: \(wanted.joined(separator: ", "))"
                    }
                problems.append(path.member(name), "unknown member\(advice)")
            }
        }
    }

    // MARK: Errors

    /// The last error of a member: how many there were before, its path, its type.
    private var failure: (count: Int, path: JSONPath, type: any Error.Type) = (0, JSONPath(), DecodingError.self)

    /// Runs something that belongs to a path, and remembers the path of an error that began there.
    func noting<Value>(_ path: JSONPath, _ body: () throws -> Value) throws -> Value {
        let before = failure.count
        do { return try body() } catch {
            // Another one may have happened further in, and have been caught there.
            if failure.count == before || failure.type != type(of: error) {
                failure = (failure.count + 1, path, type(of: error))
            }
            throw error
        }
    }

    /// Where an error happened, and what is wrong, in words.
    func explain(_ error: any Error) -> (path: JSONPath, text: String) {
        guard let error = error as? DecodingError else { return (failure.path, "\(error)") }
        let (keys, text): ([any CodingKey], String) =
            switch error {
            case .keyNotFound(let key, let context): (context.codingPath + [key], "is missing")
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                (context.codingPath, context.debugDescription)
            @unknown default: ([], "\(error)")
            }
        // A plugin's type may throw an error without its path.
        return (keys.isEmpty ? failure.path : SettingsKey.path(keys), text)
    }
}

/// Any name, or any index.
struct SettingsKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "[\(intValue)]"
        self.intValue = intValue
    }

    /// The keys of a dictionary have an `intValue` as well if they look like numbers; those of an array are this type.
    static func path(_ keys: [any CodingKey]) -> JSONPath {
        keys.reduce(JSONPath()) { path, key in
            if let index = (key as? SettingsKey)?.intValue { path.element(index) } else { path.member(key.stringValue) }
        }
    }
}
