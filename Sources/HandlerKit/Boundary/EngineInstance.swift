internal import ArticleProtocol
internal import CPluginABI

/// A started plugin that provides the storage.
@safe
final class EngineInstance<Engine: StorageEngine>: PluginInstance, @unchecked Sendable {  // as its superclass
    private let storage: Engine

    init(_ storage: Engine, host: UnsafePointer<articled_host>) {
        self.storage = storage
        unsafe super.init(host: host)
    }

    override var engine: (any StorageEngine)? { storage }

    override func read(
        _ id: ArticleID, _ lend: (UnsafePointer<articled_record>) -> Void
    ) throws(ServiceError) -> Bool {
        try storage.read(id: id) { unsafe $0.withC { unsafe lend($0) } }
    }

    override func expect(_ id: ArticleID) { storage.expect(id: id) }

    override func drain() { storage.drain() }
    override func stop() { storage.stop() }
    override var health: Health { storage.health }
    override func reload(_ configuration: PluginConfiguration) throws { try storage.reload(configuration) }
}
