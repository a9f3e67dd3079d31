/// All that articled is told by its configuration, checked.
public struct ServerConfiguration: Sendable, Equatable {
    /// Sockets to bind ourselves, beside those that are inherited.
    public var listen: [ListenAddress] = []
    /// Sockets to bind for Prometheus, beside those that are inherited.
    public var listenMetrics: [ListenAddress] = []
    /// Whether TCP sockets may be reached from other machines.
    public var allowRemote = false
    /// Access rights of the Unix sockets that we bind.
    public var socketMode: UInt32 = 0o660
    public var limits = ServiceLimits()
    public var access: AccessPolicy
    /// nil: half as many as there are processors.
    public var eventLoops: Int?
    /// How long nobody may be connected before the process ends; nil: for ever. In nanoseconds.
    public var exitWhenIdle: UInt64?
    /// Where storage engines keep their files; nil: as the environment says.
    public var stateDirectory: String?
    public var logLevel = Log.Level.info
    /// From when on a request is told of in the journal; 0: never.
    public var slowRequestMilliseconds = 1000
    public var plugins = PluginSettings()

    /// As a bound that is compared with: never is later than all.
    var slowRequestNanoseconds: UInt64 {
        slowRequestMilliseconds > 0 ? UInt64(clamping: slowRequestMilliseconds) &* 1_000_000 : .max
    }

    /// The defaults.
    ///
    /// - Parameter owner: the user that the service runs as.
    public init(owner: UInt32) { access = AccessPolicy(owner: owner) }

    /// The defaults for the user that this process runs as.
    public init() { access = AccessPolicy() }
}
