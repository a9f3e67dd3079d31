// SPDX-License-Identifier: Apache-2.0

internal import ArticleProtocol
internal import CPluginABI

/// The versions that compatibility is promised for, each by the rules of semver.org.
package enum Versions {
    /// Of the programs and the package: that of deploy/debian/changelog, as a test and `deploy/package` check.
    package static let program = "0.1.0"
    /// Of PROTOCOL.md. A change that older peers do not understand makes it one more.
    package static let wire = "\(ProtocolVersion.supported.upperBound)"
    /// Of articled_plugin.h.
    package static let pluginBoundary = "\(ARTICLED_ABI_MAJOR).\(ARTICLED_ABI_MINOR)"
    /// Of the libraries ArticleClient and HandlerKit. Packages that depend on them name it, as the tag of this package: so
    /// a change that breaks their source makes a new version of the programs as well.
    package static let swiftAPI = program

    /// The answer to `--version`, without the line feed at its end.
    package static func report(of name: String) -> String {
        """
        \(name) \(program)
        wire protocol \(wire)
        plugin boundary \(pluginBoundary)
        Swift API \(swiftAPI)
        """
    }
}
