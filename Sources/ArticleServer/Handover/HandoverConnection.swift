internal import ArticleProtocol

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
