/// The payload of the client's HELLO.
public struct ClientHello: ProtocolMessage {
    public static var name: String { "articled.v1.ClientHello" }

    /// This document is version 1.
    public var protocolMin: UInt32
    /// The highest version that the client speaks.
    public var protocolMax: UInt32
    /// Largest payload it takes, bytes.
    public var maxFrame: UInt32
    /// Credit it grants each response stream at the start, bytes.
    public var streamWindow: UInt32
    /// None are defined in version 1.
    public var features: [String]
    /// "articlectl/0.1.0": for the journal.
    public var agent: String

    public init() { self.init(protocolMin: 0) }

    public init(
        protocolMin: UInt32 = 0, protocolMax: UInt32 = 0, maxFrame: UInt32 = 0, streamWindow: UInt32 = 0,
        features: [String] = [], agent: String = ""
    ) {
        self.protocolMin = protocolMin
        self.protocolMax = protocolMax
        self.maxFrame = maxFrame
        self.streamWindow = streamWindow
        self.features = features
        self.agent = agent
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: protocolMin = try reader.uint32()
        case 2: protocolMax = try reader.uint32()
        case 3: maxFrame = try reader.uint32()
        case 4: streamWindow = try reader.uint32()
        case 5: features.append(try reader.string(within: features.count))
        case 6: agent = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(protocolMin, at: 1)
        writer.write(protocolMax, at: 2)
        writer.write(maxFrame, at: 3)
        writer.write(streamWindow, at: 4)
        for value in features { writer.writeAlways(value, at: 5) }
        writer.write(agent, at: 6)
    }
}
