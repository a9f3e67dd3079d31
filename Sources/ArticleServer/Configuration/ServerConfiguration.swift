/// What the loops need of the configuration.
public struct ServerConfiguration: Sendable {
    public var limits = ServiceLimits()
    public var access = AccessPolicy()
    public var eventLoops: Int?
    public init() {}
}
public struct AccessPolicy: Sendable {
    public init() {}
    func roles(of peer: PeerCredentials?, on listener: Listener) -> UInt32 { 7 }
}
