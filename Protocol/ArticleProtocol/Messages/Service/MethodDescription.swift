/// A method, its number on this connection, and who answers it.
public struct MethodDescription: ProtocolMessage {
    public static var name: String { "articled.v1.MethodDescription" }

    public var name: String
    public var number: UInt32
    public var requestType: String
    public var responseType: String
    public var streamRequest: Bool
    public var streamResponse: Bool
    public var idempotent: Bool
    /// "read", "write", "admin"
    public var role: String
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
