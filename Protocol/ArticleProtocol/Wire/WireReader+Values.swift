// SPDX-License-Identifier: Apache-2.0
// Values that several messages have.
extension WireReader {
    /// Reads an article's id of 16 bytes; `nil` for an empty value.
    @_lifetime(self: copy self)
    mutating func articleID() throws(ServiceError) -> ArticleID? {
        let number = field
        let value = try span()
        if value.byteCount == 0 { return nil }
        guard let id = ArticleID(bytes: value) else {
            throw ServiceError(.invalidArgument, "field \(number): an id has 16 bytes, not \(value.byteCount)")
        }
        return id
    }

    /// Reads an embedded message. If the field occurred before, the two are merged.
    @_lifetime(self: copy self)
    mutating func merge<Message: ProtocolMessage>(into message: inout Message?) throws(ServiceError) {
        var merged = message ?? Message()
        try merge(into: &merged)
        message = merged
    }

    /// Reads the next message of a repeated field that has `count` messages and may have `max`.
    @_lifetime(self: copy self)
    mutating func message<Message: ProtocolMessage>(after count: Int, max: Int) throws(ServiceError) -> Message {
        guard count < max else { throw malformed("more than \(max) values") }
        return try message()
    }

    /// Reads the next text of a repeated field that has `count` texts.
    @_lifetime(self: copy self)
    mutating func string(within count: Int) throws(ServiceError) -> String {
        guard count < Limits.repeated else { throw malformed("more than \(Limits.repeated) values") }
        return try string()
    }

    /// Reads an entry of a map of at most `max` entries. The last value of a key counts.
    @_lifetime(self: copy self)
    mutating func append(to map: inout [String: String], max: Int) throws(ServiceError) {
        let entry: MapEntry = try message()
        map[entry.key] = entry.value
        guard map.count <= max else { throw malformed("more than \(max) entries") }
    }
}

extension WireWriter {
    /// Writes a map, sorted by the bytes of its keys, so that equal maps have equal bytes.
    mutating func write(_ map: [String: String], at field: UInt32) {
        for (key, value) in map.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            write(MapEntry(key: key, value: value), at: field)
        }
    }
}

/// An entry of a map, as it is encoded.
private struct MapEntry: ProtocolMessage {
    static var name: String { "map entry" }

    var key = ""
    var value = ""

    init() {}

    init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: key = try reader.string()
        case 2: value = try reader.string()
        default: try reader.skip()
        }
    }

    func encode(to writer: inout WireWriter) {
        // Always both fields, as other implementations do, so that equal maps have equal bytes everywhere.
        writer.writeAlways(key, at: 1)
        writer.writeAlways(value, at: 2)
    }
}
