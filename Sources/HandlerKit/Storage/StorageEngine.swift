// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// A storage plugin: an ``ArticleStorage`` with a lifecycle.
///
/// A plugin library exports one engine:
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportEngine(LMDBEngine.self) }
/// ```
public protocol StorageEngine: ArticleStorage {
    /// The engine's section of the configuration, as a type, like ``Handler/Settings``.
    associatedtype Settings: Decodable & SendableMetatype = AnySettings

    /// Name and version. An engine with methods is a ``ServingEngine``.
    static var descriptor: PluginDescriptor { get }

    /// Opens the storage in `context.stateDirectory`.
    ///
    /// Runs once, on a thread that may block. Report the progress of a long recovery with ``PluginContext/progress``.
    ///
    /// - Throws: an error to keep articled from starting. Its text is logged.
    init(context: PluginContext) throws

    /// Checks what the type ``Settings`` does not tell of a section, like ``Handler/check(_:)``.
    static func check(_ configuration: PluginConfiguration) throws

    /// Applies a new configuration while the service runs, like ``Handler/reload(_:)``.
    func reload(_ configuration: PluginConfiguration) throws

    /// Called when no new requests will come; requests in flight may still write.
    func drain()

    /// Called when nobody reads or writes any more: make everything durable, and close.
    func stop()

    /// The storage's health. May be read on any thread, and must return immediately.
    var health: Health { get }
}

extension StorageEngine {
    /// Accepts everything.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// Throws `unimplemented`: the configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws { throw ServiceError.fixedAtStart }

    /// Does nothing.
    public func drain() {}

    /// Does nothing.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}

/// A storage engine that also handles requests, for methods about the storage itself, such as a backup.
///
/// One instance does both. `answer` and `handle` receive the requests for the descriptor's methods, as with any
/// ``Handler``; the storage functions serve the other plugins. Export it with `exportEngine`.
public protocol ServingEngine: StorageEngine, Handler {
    /// The engine's section of the configuration, as a type.
    associatedtype Settings = AnySettings
}

extension ServingEngine {
    /// Accepts everything.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// Throws `unimplemented`: the configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws { throw ServiceError.fixedAtStart }

    /// Does nothing.
    public func drain() {}

    /// Does nothing.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}
