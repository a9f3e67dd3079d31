internal import ArticleProtocol
internal import CPluginABI

extension PluginContext {
    /// What the host says at a start.
    init(_ start: UnsafePointer<articled_start>, _ host: UnsafePointer<articled_host>) throws(ServiceError) {
        let configuration = unsafe [UInt8](start.pointee.configuration)
        var storage: (any ArticleStorage)?
        if let table = unsafe start.pointee.storage {
            storage = try unsafe InjectedStorage(table, engine: start.pointee.engine)
        }
        nonisolated(unsafe) let (host, log) = unsafe (host, start.pointee.log)
        self.init(
            configuration: PluginConfiguration(json: configuration.isEmpty ? Array("{}".utf8) : configuration),
            log: unsafe PluginLog(host, log),
            stateDirectory: unsafe String(start.pointee.state_directory), storage: storage,
            acceptsLoss: unsafe start.pointee.flags & UInt32(ARTICLED_START_RECOVER) != 0,
            progress: { status in
                guard let starting = unsafe host.starting else { return }
                var status = status
                status.withUTF8 { text in unsafe starting(log, articled_bytes(UnsafeRawBufferPointer(text))) }
            })
    }
}

extension PluginLog {
    /// The host's journal. Its pointers are immortal, and `log` may be called from any thread.
    fileprivate init(_ host: UnsafePointer<articled_host>, _ log: UnsafeMutableRawPointer?) {
        nonisolated(unsafe) let host = unsafe host
        nonisolated(unsafe) let log = unsafe log
        self.init { level, message in
            var message = message
            message.withUTF8 { text in
                unsafe host.pointee.log(log, level.rawValue, articled_bytes(UnsafeRawBufferPointer(text)))
            }
        }
    }
}

extension UnsafePointer<articled_host> {
    /// Of a host from ABI 1.3 on; `nil`: it is older, and limits a start whatever the plugin says.
    fileprivate var starting: (@convention(c) (UnsafeMutableRawPointer?, articled_bytes) -> Void)? {
        unsafe pointee.size >= UInt32(MemoryLayout<articled_host>.size) ? unsafe pointee.starting : nil
    }

    /// Throws unless the host has all that HandlerKit calls, and that every host has.
    func checkComplete() throws(ServiceError) {
        let host = unsafe pointee
        let least = unsafe MemoryLayout<articled_host>.offset(of: \.starting) ?? MemoryLayout<articled_host>.size
        guard unsafe host.size >= UInt32(least), unsafe host.log != nil,
            unsafe host.schedule != nil, unsafe host.is_current != nil, unsafe host.respond != nil,
            unsafe host.send != nil, unsafe host.finish != nil, unsafe host.fail != nil, unsafe host.watch != nil,
            unsafe host.consumed != nil
        else { throw ServiceError(.failedPrecondition, "this articled offers less than the plugin was built for") }
    }
}
