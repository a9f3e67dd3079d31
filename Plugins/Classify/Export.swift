internal import ClassifyHandler
internal import HandlerKit

/// What articled looks for in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Classify.self) }
