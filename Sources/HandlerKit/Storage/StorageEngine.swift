/// What a storage plugin is: an ``ArticleStorage`` with a life of its own.
///
/// A plugin library exports one such type with one line:
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportEngine(LMDBEngine.self) }
/// ```
public protocol StorageEngine: ArticleStorage {
    /// Name and version. One with methods is a ``ServingEngine``.
    static var descriptor: PluginDescriptor { get }

    /// Opens the storage in `context.stateDirectory`. An error here keeps articled from starting.
    init(context: PluginContext) throws

    /// Would `init` and `reload` take this section of the configuration? As ``Handler/check(_:)``.
    static func check(_ configuration: PluginConfiguration) throws

    /// Takes a new configuration while running; an error keeps the old one in force.
    func reload(_ configuration: PluginConfiguration) throws

    /// No new request will come to articled; changes may still be made by those in flight.
    func drain()

    /// Nobody reads or writes any more: bring everything to disk and close.
    func stop()

    /// How the storage is. Asked from any thread, answered at once.
    var health: Health { get }
}

extension StorageEngine {
    /// Left to `init`.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// The configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws {}

    /// Nothing to do.
    public func drain() {}

    /// Nothing to do.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}

/// A storage engine that also answers requests: for methods about the storage itself, such as a backup.
///
/// One instance does both. `answer` and `handle` get the requests for the descriptor's methods, as with any ``Handler``; the storage
/// functions serve the other plugins. `exportEngine` exports it.
public protocol ServingEngine: StorageEngine, Handler {}

extension ServingEngine {
    /// Left to `init`.
    public static func check(_ configuration: PluginConfiguration) throws {}

    /// The configuration is fixed at the start.
    public func reload(_ configuration: PluginConfiguration) throws {}

    /// Nothing to do.
    public func drain() {}

    /// Nothing to do.
    public func stop() {}

    /// Healthy.
    public var health: Health { .healthy }
}
