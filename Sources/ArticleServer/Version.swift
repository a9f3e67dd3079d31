internal import ArticleProtocol
internal import CPluginABI

/// This version of articled.
public enum Version {
    /// "0.1.0", as `service.describe`, `--version` and the plugin boundary give it.
    public static let text = "0.1.0"
    /// The plugin boundary's.
    public static let pluginABI = "\(ARTICLED_ABI_MAJOR).\(ARTICLED_ABI_MINOR)"
    /// The language runtime that plugins in Swift must share.
    public static let runtime = SwiftRuntime.name
}
