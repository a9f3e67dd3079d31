internal import HandlerKit

/// The plugin's section of the configuration.
struct Settings: Decodable {
    /// Whether articles that come without topics are to be classified.
    var classify: Bool?
}
