internal import ArticleProtocol

/// All that one process leaves to the next about its connections: the content of the sealed file that travels with
/// their sockets.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | `articled` |
/// | 8 | 4 | the format's number, 1; little-endian like the others |
/// | 12 | 4 | CRC-32C of what follows the header |
/// | 16 | 8 | its length |
/// | 24 | | a message of the Protocol Buffers encoding |
///
/// It comes from another version of this program, or from whoever can reach the unit's descriptor store: nothing in it
/// is believed before it is checked.
struct HandoverState: ProtocolMessage {
    static var name: String { "handover state" }

    /// What clients were told; several if connections have lived through more than one process.
    var tables: [MethodTable] = []
    /// In the order of their sockets.
    var connections: [HandoverConnection] = []

    static let headerSize = 24
    static let format: UInt32 = 1
    /// Connections that are handed over at most.
    static let mostConnections = 16384
    static let mostTables = 64
    /// Bytes of connections' buffers that are handed over at most, all together.
    static let mostBuffered = 64 << 20
    /// Bytes of a state that is looked at.
    static let largest = mostBuffered + (16 << 20)

    private static let magic = Array("articled".utf8)

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1:
            guard tables.count < Self.mostTables else { throw Self.tooMany("method tables", Self.mostTables) }
            tables.append(try reader.message())
        case 2:
            guard connections.count < Self.mostConnections else {
                throw Self.tooMany("connections", Self.mostConnections)
            }
            connections.append(try reader.message())
        default: try reader.skip()
        }
    }

    func encode(to writer: inout WireWriter) {
        writer.write(tables, at: 1)
        writer.write(connections, at: 2)
    }

    private static func tooMany(_ what: String, _ most: Int) -> ServiceError {
        ServiceError(.invalidArgument, "more than \(most) \(what)")
    }

    // MARK: The file

    /// The file's content.
    func file() -> [UInt8] {
        let body = encoded()
        var file = Self.magic
        file.reserveCapacity(Self.headerSize + body.count)
        Self.append(UInt64(Self.format), 4, to: &file)
        Self.append(UInt64(CRC32C.checksum(body)), 4, to: &file)
        Self.append(UInt64(body.count), 8, to: &file)
        return file + body
    }

    /// Reads a file's content, and checks all that is in it.
    init(file: [UInt8]) throws(HandoverError) {
        guard file.count >= Self.headerSize, file.starts(with: Self.magic) else {
            throw HandoverError("it is no state of articled's")
        }
        let format = Self.number(file[8..<12])
        guard format == UInt64(Self.format) else {
            throw HandoverError(
                "its format is \(format), of another version of articled; this one reads \(Self.format)")
        }
        let body = Array(file[Self.headerSize...])
        guard Self.number(file[16..<24]) == UInt64(body.count) else { throw HandoverError("it is cut off") }
        guard Self.number(file[12..<16]) == UInt64(CRC32C.checksum(body)) else {
            throw HandoverError("its checksum is wrong")
        }
        do {
            try self.init(decoding: body)
        } catch {
            throw HandoverError(error.message)
        }
        for (index, connection) in connections.enumerated() {
            if let fault = connection.fault(tables: tables.count) {
                throw HandoverError("connection \(index) has \(fault)")
            }
        }
    }

    init() {}

    private static func append(_ value: UInt64, _ size: Int, to bytes: inout [UInt8]) {
        for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What the next process must know of one connection, beside what its socket says of itself.
///
/// No request is in flight on it, so there are no streams and no credits to speak of.
struct HandoverConnection: ProtocolMessage {
    static var name: String { "handed-over connection" }

    /// The version of the protocol that both hellos agreed on; 0: the client's HELLO has not come yet.
    var protocolVersion: UInt32 = 0
    /// From the client's HELLO.
    var clientMaxFrame: UInt32 = 0
    var clientWindow: UInt32 = 0
    /// From the server's.
    var terms = SessionTerms(maxFrame: 0, streamWindow: 0, maxInFlight: 0)
    /// Which of the state's method tables the client was given.
    var methods: UInt32 = 0
    /// That table itself, while the connection is in this process; nil: that of this process.
    var table: MethodTable?
    /// What was read and not understood yet.
    var incoming: [UInt8] = []
    /// What is still to be written; may begin in the middle of a frame.
    var outgoing: [UInt8] = []

    var isEstablished: Bool { protocolVersion != 0 }
    var byteCount: Int { incoming.count + outgoing.count }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: protocolVersion = try reader.uint32()
        case 2: clientMaxFrame = try reader.uint32()
        case 3: clientWindow = try reader.uint32()
        case 4: terms.maxFrame = Int(try reader.uint32())
        case 5: terms.streamWindow = Int(try reader.uint32())
        case 6: terms.maxInFlight = Int(try reader.uint32())
        case 7: methods = try reader.uint32()
        case 8: incoming = try reader.byteArray()
        case 9: outgoing = try reader.byteArray()
        default: try reader.skip()
        }
    }

    func encode(to writer: inout WireWriter) {
        writer.write(protocolVersion, at: 1)
        writer.write(clientMaxFrame, at: 2)
        writer.write(clientWindow, at: 3)
        writer.write(UInt32(clamping: terms.maxFrame), at: 4)
        writer.write(UInt32(clamping: terms.streamWindow), at: 5)
        writer.write(UInt32(clamping: terms.maxInFlight), at: 6)
        writer.write(methods, at: 7)
        writer.write(incoming, at: 8)
        writer.write(outgoing, at: 9)
    }

    /// What is wrong with it, if anything is: values that no hello can have agreed on.
    func fault(tables: Int) -> String? {
        guard isEstablished else { return outgoing.isEmpty ? nil : "bytes to write before the HELLO" }
        guard Session.versions.contains(protocolVersion) else { return "protocol version \(protocolVersion)" }
        guard clientMaxFrame >= Limits.smallestMaxFrame else { return "a client's max_frame of \(clientMaxFrame)" }
        guard clientWindow > 0 else { return "a client's stream_window of 0" }
        guard terms.maxFrame >= Limits.smallestMaxFrame, terms.maxFrame <= ServiceLimits.largestFrame else {
            return "a max_frame of \(terms.maxFrame)"
        }
        guard terms.streamWindow > 0, terms.streamWindow <= ServiceLimits.largestWindow else {
            return "a stream_window of \(terms.streamWindow)"
        }
        guard terms.maxInFlight > 0, terms.maxInFlight <= ServiceLimits.mostInFlight else {
            return "a max_in_flight of \(terms.maxInFlight)"
        }
        guard methods < tables else { return "method table \(methods), of \(tables)" }
        return nil
    }
}

/// The methods and their numbers as a server's HELLO told them.
struct MethodTable: ProtocolMessage {
    static var name: String { "method table" }

    var methods: [MethodDescription] = []

    init() {}

    init(_ methods: [MethodDescription]) { self.methods = methods }

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        guard reader.field == 1 else { return try reader.skip() }
        guard methods.count < Int(UInt16.max) else {
            throw ServiceError(.invalidArgument, "more than \(UInt16.max) methods")
        }
        methods.append(try reader.message())
    }

    func encode(to writer: inout WireWriter) { writer.write(methods, at: 1) }
}
