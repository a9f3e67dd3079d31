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
        self.init(
            configuration: PluginConfiguration(json: configuration.isEmpty ? Array("{}".utf8) : configuration),
            log: unsafe PluginLog(host, start.pointee.log),
            stateDirectory: unsafe String(start.pointee.state_directory), storage: storage)
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
    /// Throws unless the host has all that HandlerKit calls: nothing of it is optional.
    func checkComplete() throws(ServiceError) {
        let host = unsafe pointee
        guard unsafe host.size >= UInt32(MemoryLayout<articled_host>.size), unsafe host.log != nil,
            unsafe host.schedule != nil, unsafe host.is_current != nil, unsafe host.respond != nil,
            unsafe host.send != nil, unsafe host.finish != nil, unsafe host.fail != nil, unsafe host.watch != nil,
            unsafe host.consumed != nil
        else { throw ServiceError(.failedPrecondition, "this articled offers less than the plugin was built for") }
    }
}
