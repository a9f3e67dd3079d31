internal import ArticleServer

/// A reload under way: plugins may take their time for it, and the main thread has other things to do.
struct Reload {
    struct Outcome: Sendable {
        let configuration: ServerConfiguration
        /// What plugins did not like.
        let problems: [String]
    }

    private let call: BoundedCall<Outcome>

    init(_ configuration: ServerConfiguration, _ plugins: PluginHost) throws {
        call = try BoundedCall {
            Outcome(configuration: configuration, problems: plugins.reload(configuration.plugins).map(\.description))
        }
    }

    /// Readable when there is an outcome.
    var descriptor: Int32 { call.descriptor }
    var outcome: Outcome? { call.answer }
}
