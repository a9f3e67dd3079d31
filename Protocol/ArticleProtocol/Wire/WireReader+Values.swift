// Values that messages have in common.
extension WireReader {
    /// An article's id: 16 bytes, or none for no id.
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

    /// Reads an embedded message; if the field was there before, both are merged.
    @_lifetime(self: copy self)
    mutating func merge<Message: ProtocolMessage>(into message: inout Message?) throws(ServiceError) {
        var merged = message ?? Message()
        try merge(into: &merged)
        message = merged
    }

    /// One more message of a repeated field that has `count` already and may have `most`.
    @_lifetime(self: copy self)
    mutating func message<Message: ProtocolMessage>(after count: Int, most: Int) throws(ServiceError) -> Message {
        guard count < most else { throw malformed("more than \(most) values") }
        return try message()
    }

    /// One more text of a repeated field that has `count` already.
    @_lifetime(self: copy self)
    mutating func string(within count: Int) throws(ServiceError) -> String {
        guard count < Limits.repeated else { throw malformed("more than \(Limits.repeated) values") }
        return try string()
    }

    /// One more entry of a map; a key that was there before gets the new value.
    @_lifetime(self: copy self)
    mutating func append(to map: inout [String: String], most: Int) throws(ServiceError) {
        let entry: MapEntry = try message()
        map[entry.key] = entry.value
        guard map.count <= most else { throw malformed("more than \(most) entries") }
    }
}

extension WireWriter {
    /// A map, in the order of its keys' bytes, so that equal maps have equal bytes.
    mutating func write(_ map: [String: String], at field: UInt32) {
        for (key, value) in map.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            write(MapEntry(key: key, value: value), at: field)
        }
    }
}

/// How an entry of a map crosses the wire.
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
        // Always both, as other implementations do, so that equal maps have equal bytes everywhere.
        writer.writeAlways(key, at: 1)
        writer.writeAlways(value, at: 2)
    }
}
