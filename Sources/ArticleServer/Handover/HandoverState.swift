// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// What one process tells the next about its connections: the content of the sealed file that travels with their
/// sockets.
///
/// | offset | bytes | |
/// |---|---|---|
/// | 0 | 8 | `articled` |
/// | 8 | 4 | the format's version, 1; all numbers are little-endian |
/// | 12 | 4 | CRC-32C of what follows the header |
/// | 16 | 8 | its length |
/// | 24 | | a message of the Protocol Buffers encoding |
///
/// It comes from another version of this program, or from anyone who can reach the unit's descriptor store. Nothing in
/// it is trusted before it is checked.
struct HandoverState: ProtocolMessage {
    static var name: String { "handover state" }

    /// The method tables that clients were given. There are several if connections have outlived several processes.
    var tables: [MethodTable] = []
    /// In the order of their sockets.
    var connections: [HandoverConnection] = []

    static let headerSize = 24
    static let format: UInt32 = 1
    /// The most connections that are handed over.
    static let maxConnections = 16384
    static let maxTables = 64
    /// The most bytes of all connections' buffers together.
    static let maxBuffered = 64 << 20
    /// The most bytes of a file that is read.
    static let maxFileSize = maxBuffered + (16 << 20)

    private static let magic = Array("articled".utf8)

    mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1:
            guard tables.count < Self.maxTables else { throw Self.tooMany("method tables", Self.maxTables) }
            tables.append(try reader.message())
        case 2:
            guard connections.count < Self.maxConnections else {
                throw Self.tooMany("connections", Self.maxConnections)
            }
            connections.append(try reader.message())
        default: try reader.skip()
        }
    }

    func encode(to writer: inout WireWriter) {
        writer.write(tables, at: 1)
        writer.write(connections, at: 2)
    }

    private static func tooMany(_ what: String, _ limit: Int) -> ServiceError {
        ServiceError(.invalidArgument, "more than \(limit) \(what)")
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

    /// Reads a file's content and checks all of it.
    init(file: [UInt8]) throws(HandoverError) {
        guard file.count >= Self.headerSize, file.starts(with: Self.magic) else {
            throw HandoverError("it was not written by articled")
        }
        let format = Self.number(file[8..<12])
        guard format == UInt64(Self.format) else {
            throw HandoverError(
                "its format is \(format), of another version of articled; this one reads \(Self.format)")
        }
        let body = Array(file[Self.headerSize...])
        guard Self.number(file[16..<24]) == UInt64(body.count) else { throw HandoverError("it is truncated") }
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

/// What the next process must know about one connection, besides its socket.
///
/// No request is in flight on it, so there are no streams and no credits.
struct HandoverConnection: ProtocolMessage {
    static var name: String { "handed-over connection" }

    /// The protocol version that both hellos agreed on; 0 if the client's HELLO has not come yet.
    var protocolVersion: UInt32 = 0
    /// From the client's HELLO.
    var clientMaxFrame: UInt32 = 0
    var clientWindow: UInt32 = 0
    /// From the server's HELLO.
    var terms = SessionTerms(maxFrame: 0, streamWindow: 0, maxInFlight: 0)
    /// The index of the client's method table in the state.
    var methods: UInt32 = 0
    /// The table itself, while the connection is in this process; nil if it is this process's own.
    var table: MethodTable?
    /// Bytes that were read and not processed yet.
    var incoming: [UInt8] = []
    /// Bytes still to be written. They may begin in the middle of a frame.
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

    /// A value that no hello can have agreed on, or nil.
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

/// The methods and their numbers from a server's HELLO.
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
