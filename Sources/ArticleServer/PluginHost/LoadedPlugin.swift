// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// A plugin that was started. It lives as long as the process.
@safe final class LoadedPlugin: @unchecked Sendable {
    // Sendable: all members are constant, and the plugin's functions are thread-safe by contract.
    let library: PluginLibrary
    let own: PluginSelf
    let instance: UnsafeMutableRawPointer?

    var name: String { library.name }
    var version: String { library.version }
    var path: String { library.path }
    var runtime: String { library.runtime }
    var abi: String { library.abi }
    var methods: [LoadedMethod] { library.methods }
    var descriptor: UnsafePointer<articled_plugin> { unsafe library.descriptor }

    init(_ library: PluginLibrary, _ own: PluginSelf, instance: UnsafeMutableRawPointer?) {
        self.library = library
        self.own = own
        unsafe self.instance = unsafe instance
    }

    /// Tells the plugin that no new requests come.
    func drain() {
        guard unsafe DescriptorCheck.has(descriptor, \.drain), let drain = unsafe descriptor.pointee.drain else {
            return
        }
        unsafe drain(instance)
    }

    /// Lets the plugin release its resources, when no request is in flight. It may take long.
    func stop() {
        guard unsafe DescriptorCheck.has(descriptor, \.stop), let stop = unsafe descriptor.pointee.stop else { return }
        unsafe stop(instance)
    }

    /// The plugin's health. Any thread.
    func health() -> ComponentHealth {
        guard unsafe DescriptorCheck.has(descriptor, \.health), let health = unsafe descriptor.pointee.health else {
            return ComponentHealth(name: name, state: .healthy)
        }
        let (state, message) = unsafe FailureText.collect { unsafe health(instance, $0) }
        return ComponentHealth(name: name, state: HealthState(rawValue: state) ?? .unhealthy, message: message)
    }

    /// Gives the plugin its section of a reloaded configuration.
    ///
    /// - Returns: false if the section is fixed at the start.
    /// - Throws: why the plugin refuses it. The old section stays in effect.
    func reload(_ configuration: [UInt8]) throws(PluginError) -> Bool {
        guard unsafe DescriptorCheck.has(descriptor, \.reload), let reload = unsafe descriptor.pointee.reload else {
            return false
        }
        let (code, message) = unsafe FailureText.collect { failure in
            unsafe configuration.withUnsafeBytes { bytes in
                unsafe reload(instance, articled_bytes(data: bytes.baseAddress, size: bytes.count), failure)
            }
        }
        if code == StatusCode.unimplemented.rawValue { return false }
        if code != 0 { throw PluginError(path, "keeps its old configuration: \(message)") }
        return true
    }

    /// The storage engine, if the plugin is one.
    var storage: LoadedStorage? {
        guard let table = unsafe DescriptorCheck.storage(of: descriptor) else { return nil }
        return unsafe LoadedStorage(name: name, table: table, engine: instance)
    }
}

/// The storage engine that handlers get.
@safe struct LoadedStorage: @unchecked Sendable {
    // Sendable: constant pointers; the engine's functions may be called from any thread.
    let name: String
    let table: UnsafePointer<articled_storage>
    let engine: UnsafeMutableRawPointer?

    /// The engine's statistics; nil if it has none.
    func statistics() -> articled_storage_statistics? {
        guard let function = unsafe table.pointee.statistics else { return nil }
        var statistics = articled_storage_statistics()
        statistics.size = UInt32(MemoryLayout<articled_storage_statistics>.size)
        let (code, _) = unsafe FailureText.collect { unsafe function(engine, &statistics, $0) }
        return code == 0 ? statistics : nil
    }
}

/// A buffer for a plugin's reason for a failure.
enum FailureText {
    /// Bytes of a reason.
    private static let sentence = 1024
    /// Bytes of a list of problems.
    static let list = 16 << 10

    /// Calls `body` with an empty `articled_failure`.
    ///
    /// - Returns: the result of `body`, and the text that it wrote.
    static func collect(
        capacity: Int = sentence, _ body: (UnsafeMutablePointer<articled_failure>) -> UInt32
    ) -> (UInt32, String) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { memory in
            var failure = unsafe articled_failure(
                size: UInt32(MemoryLayout<articled_failure>.size), code: 0, message: memory.baseAddress,
                capacity: capacity, message_size: 0)
            let code = unsafe body(&failure)
            let size = unsafe max(0, min(failure.message_size, capacity))  // untrusted
            let text = unsafe UnsafeRawBufferPointer(start: memory.baseAddress, count: size)
            return (code, unsafe String(decoding: text, as: UTF8.self))
        }
    }
}
