public struct Listener: Sendable, CustomStringConvertible {
    public let descriptor: Int32
    public let isTCP: Bool
    public let description: String
    public init(descriptor: Int32, isTCP: Bool, description: String) { self.descriptor = descriptor; self.isTCP = isTCP; self.description = description }
}
