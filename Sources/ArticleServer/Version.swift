// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Versions

/// This version of articled.
public enum Version {
    /// "0.1.0", as `service.describe` and the plugin boundary give it.
    public static let text = Versions.program
    /// The plugin boundary's.
    public static let pluginABI = Versions.pluginBoundary
    /// The language runtime that plugins in Swift must share.
    public static let runtime = SwiftRuntime.name
    /// The answer to `--version`.
    public static let report = "\(Versions.report(of: "articled"))\nSwift runtime \(runtime)"
}
