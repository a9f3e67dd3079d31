/// A method, its number on this connection, and who answers it.
public struct MethodDescription: ProtocolMessage {
    /// "store.put".
    public static var name: String { "articled.v1.MethodDescription" }

    /// "store.put".
    public var name: String
    /// What REQUEST calls it by on this connection.
    public var number: UInt32
    /// Full name of the request message.
    public var requestType: String
    /// Full name of the response message.
    public var responseType: String
    /// Whether the request is a stream.
    public var streamRequest: Bool
    /// Whether the response is a stream.
    public var streamResponse: Bool
    /// Whether it may be called again when it is not known if it was carried out.
    public var idempotent: Bool
    /// "read", "write", "admin".
    public var role: String
    /// Who answers; empty: articled itself.
    public var plugin: String

    public init() { self.init(name: "") }

    public init(
        name: String = "", number: UInt32 = 0, requestType: String = "", responseType: String = "",
        streamRequest: Bool = false, streamResponse: Bool = false, idempotent: Bool = false, role: String = "",
        plugin: String = ""
    ) {
        self.name = name
        self.number = number
        self.requestType = requestType
        self.responseType = responseType
        self.streamRequest = streamRequest
        self.streamResponse = streamResponse
        self.idempotent = idempotent
        self.role = role
        self.plugin = plugin
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: number = try reader.uint32()
        case 3: requestType = try reader.string()
        case 4: responseType = try reader.string()
        case 5: streamRequest = try reader.bool()
        case 6: streamResponse = try reader.bool()
        case 7: idempotent = try reader.bool()
        case 8: role = try reader.string()
        case 9: plugin = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(number, at: 2)
        writer.write(requestType, at: 3)
        writer.write(responseType, at: 4)
        writer.write(streamRequest, at: 5)
        writer.write(streamResponse, at: 6)
        writer.write(idempotent, at: 7)
        writer.write(role, at: 8)
        writer.write(plugin, at: 9)
    }
}
