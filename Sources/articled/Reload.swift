internal import ArticleServer

/// A reload under way: plugins may take their time for it, and the main thread has other things to do.
struct Reload {
    enum Outcome: Sendable {
        /// Something is wrong with it: nothing was changed.
        case refused(StartError)
        /// It is in force, but for what these plugins did not take.
        case taken(ServerConfiguration, refusals: [String])
    }

    private let call: BoundedCall<Outcome>

    init(_ reading: ConfigurationReading, _ plugins: PluginHost) throws {
        call = try BoundedCall {
            let settings = reading.configuration.plugins
            let problems = reading.problems + plugins.problems(in: settings)
            guard problems.isEmpty else { return .refused(reading.error(problems)) }
            return .taken(reading.configuration, refusals: plugins.reload(settings).map(\.description))
        }
    }

    /// Readable when there is an outcome.
    var descriptor: Int32 { call.descriptor }
    var outcome: Outcome? { call.answer }
}
