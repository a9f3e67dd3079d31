internal import CPluginABI

/// Exports a handler: the one line of a plugin library.
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Greeter.self) }
/// ```
///
/// - Returns: an `articled_plugin` that lives as long as the process; `nil` if the library exports too many types.
public func exportPlugin<Plugin: Handler>(_ type: Plugin.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: false, check: { try type.check($0) },
        make: { host, context in
            unsafe HandlerInstance(try type.init(context: context), host: host)
        })
}

/// Exports a storage engine: the one line of a storage plugin's library. As ``exportPlugin(_:)``.
public func exportEngine<Engine: StorageEngine>(_ type: Engine.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: true, check: { try type.check($0) },
        make: { host, context in
            unsafe EngineInstance(try type.init(context: context), host: host)
        })
}

/// Exports a storage engine that has methods of its own, as ``exportEngine(_:)`` exports one that has none.
public func exportEngine<Engine: ServingEngine>(_ type: Engine.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: true, check: { try type.check($0) },
        make: { host, context in
            unsafe ServingEngineInstance(try type.init(context: context), host: host)
        })
}
