// SPDX-License-Identifier: Apache-2.0

/// A text in JSON5 with its value, and the place of everything in it.
package struct JSONDocument: Sendable {
    package let value: JSON
    package let bytes: [UInt8]
    private let trace: JSONParser.Trace

    package init(json5 bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes, as: .json5, traces: true)
        value = try parser.onlyValue()
        // Of comments the parser takes any bytes.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            let first = Self.firstInvalidByte(bytes)
            throw JSONError("not valid UTF-8", at: JSONPlace(offset: first, in: bytes))
        }
        self.bytes = bytes
        trace = parser.trace ?? JSONParser.Trace()
    }

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int {
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return min(offset, bytes.count)
    }

    package func place(of offset: Int) -> JSONPlace { JSONPlace(offset: offset, in: bytes) }

    // MARK: Places by path

    /// Where every value and every name begins. Made in one pass: a file may have as many problems as it has members.
    package struct Places {
        fileprivate var values: [JSONPath: Int] = [:]
        fileprivate var names: [JSONPath: Int] = [:]

        /// Where the value of a path begins, or the value nearest around it.
        package func value(at path: JSONPath) -> Int {
            var path = path
            while true {
                if let offset = values[path] { return offset }
                guard let parent = path.parent else { return 0 }
                path = parent
            }
        }

        /// Where the name of the member begins that a path leads to. Without such a member: as `value(at:)`.
        package func name(at path: JSONPath) -> Int { names[path] ?? value(at: path) }
    }

    package var places: Places {
        var places = Places()
        var next = (value: 0, name: 0)
        locate(value, JSONPath(), &next, &places)
        return places
    }

    /// - Parameter next: how many values and names begin before this value.
    private func locate(
        _ value: JSON, _ path: JSONPath, _ next: inout (value: Int, name: Int), _ places: inout Places
    ) {
        places.values[path] = trace.values[next.value]
        next.value += 1
        switch value {
        case .null, .bool, .number, .string: break
        case .array(let elements):
            for (index, element) in elements.enumerated() { locate(element, path.element(index), &next, &places) }
        case .members(let members):
            for member in members {
                let inner = path.member(member.name)
                places.names[inner] = trace.names[next.name]
                next.name += 1
                locate(member.value, inner, &next, &places)
            }
        }
    }

    // MARK: Members that are there twice

    package struct Repetition: Sendable, Equatable {
        package let path: JSONPath
        /// Where the names begin.
        package let first: Int
        package let second: Int
    }

    /// The members whose object had one of the same name before, in the order of the text. Names that are canonically
    /// equal in Unicode are the same.
    package var repetitions: [Repetition] {
        var found: [Repetition] = []
        var names = 0
        collect(value, JSONPath(), &names, &found)
        return found
    }

    private func collect(_ value: JSON, _ path: JSONPath, _ names: inout Int, _ found: inout [Repetition]) {
        switch value {
        case .null, .bool, .number, .string: break
        case .array(let elements):
            for (index, element) in elements.enumerated() { collect(element, path.element(index), &names, &found) }
        case .members(let members):
            var firsts: [String: Int] = [:]
            for member in members {
                let offset = trace.names[names]
                names += 1
                let inner = path.member(member.name)
                if let first = firsts[member.name] {
                    found.append(Repetition(path: inner, first: first, second: offset))
                } else {
                    firsts[member.name] = offset
                }
                collect(member.value, inner, &names, &found)
            }
        }
    }
}
