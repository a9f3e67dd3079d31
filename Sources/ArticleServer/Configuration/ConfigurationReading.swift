/// What came of reading a configuration: what could be understood, and all that was wrong.
public struct ConfigurationReading: Sendable {
    /// What is wrong has its default here.
    public var configuration: ServerConfiguration
    /// nil for the defaults, which come from nowhere.
    public let source: ConfigurationSource?
    public let problems: [ConfigurationProblem]

    /// The configuration, if nothing is wrong with it.
    public func checked() throws(StartError) -> ServerConfiguration {
        guard problems.isEmpty else { throw error(problems) }
        return configuration
    }

    /// An error that tells of all these problems, with their places.
    public func error(_ problems: [ConfigurationProblem]) -> StartError {
        StartError(.configuration, source?.text(of: problems) ?? problems.map(\.description))
    }
}
