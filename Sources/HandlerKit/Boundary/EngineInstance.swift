internal import ArticleProtocol
internal import CPluginABI

/// A started plugin that provides the storage.
@safe
class EngineInstance<Engine: StorageEngine>: PluginInstance, @unchecked Sendable {  // as its superclass
    fileprivate final let storage: Engine

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

/// A started plugin that provides the storage and answers requests as well.
@safe
final class ServingEngineInstance<Engine: ServingEngine>: EngineInstance<Engine>, @unchecked Sendable {  // likewise
    override func handle(_ method: Int, _ request: UnsafeMutablePointer<articled_request>) {
        unsafe storage.take(method, request, host: host)
    }

    override func expect(_ method: Int, _ message: articled_bytes) {
        let bytes = unsafe message.buffer
        unsafe storage.expect(method: method, message: RawSpan(_unsafeBytes: bytes))
    }
}
