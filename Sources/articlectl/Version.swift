import Versions

/// Which articlectl this is.
enum Version {
    static let text = Versions.program
    /// The answer to `--version`.
    static let report = Versions.report(of: "articlectl")
}
