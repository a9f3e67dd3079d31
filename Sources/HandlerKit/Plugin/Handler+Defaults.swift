internal import ArticleProtocol

extension Handler {
    /// Left to `init`.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// Gives the request on to `handle`.
    public func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? { responder }

    /// Nothing to prepare.
    public func expect(method: Int, message: RawSpan) {}

    /// For handlers that answer everything at once.
    public func handle(_ call: Call, _ responder: consuming Responder) async throws {
        throw ServiceError(.internal, "\(Self.descriptor.name) neither answered nor handled a request")
    }

    /// The configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws {}

    /// Nothing to do.
    public func drain() {}

    /// Nothing to do.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}
