internal import ArticleProtocol
internal import CPluginABI

/// A started plugin: what the host hands back as the first argument of all calls.
///
/// The kinds of plugin are subclasses that know the plugin's type: a call finds it without opening an existential,
/// which would be copied for each request. What a kind does not have answers as such a plugin would.
///
/// Sendable although it is made of a pointer: the host's table is immortal, and subclasses add nothing but what is Sendable.
@safe
class PluginInstance: @unchecked Sendable {
    final let host: UnsafePointer<articled_host>

    init(host: UnsafePointer<articled_host>) { unsafe self.host = host }

    /// The instance behind the host's pointer, which lives as long as the process.
    @inline(__always)
    static func at(_ plugin: UnsafeMutableRawPointer?) -> PluginInstance? {
        guard let plugin = unsafe plugin else { return nil }
        return unsafe Unmanaged<PluginInstance>.fromOpaque(plugin).takeUnretainedValue()
    }

    // MARK: Of a handler

    /// One request, on its event loop.
    func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe RequestHandle(request, host: host).fail(.unanswered)
    }

    /// A request that will probably come.
    func expect(_ method: Int, _ message: articled_bytes) {}

    // MARK: Of a storage engine

    /// The engine; nil if the plugin is none.
    var engine: (any StorageEngine)? { nil }

    /// Lends the record with this id.
    func read(
        _ id: ArticleID, _ lend: (UnsafePointer<articled_record>) -> Void
    ) throws(ServiceError) -> Bool { throw EngineTable.missing }

    /// The record may be asked for soon.
    func expect(_ id: ArticleID) {}

    // MARK: Of both

    func drain() {}
    func stop() {}
    var health: Health { .healthy }
    func reload(_ configuration: PluginConfiguration) throws {}
}
