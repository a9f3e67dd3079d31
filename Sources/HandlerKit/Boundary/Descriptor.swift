// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import ArticleURL
internal import CPluginABI

extension articled_plugin {
    /// The C form of a descriptor. It is never freed.
    static func immortal(
        _ description: PluginDescriptor, storage: UnsafePointer<articled_storage>?,
        start: @escaping PluginExports.Start,
        check: @escaping PluginExports.CheckSection
    ) -> UnsafePointer<articled_plugin> {
        let methods = UnsafeMutablePointer<UnsafePointer<articled_method>?>.allocate(
            capacity: description.methods.count)
        for (index, method) in description.methods.enumerated() {
            unsafe (methods + index).initialize(to: articled_method.immortal(method))
        }
        let after = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: description.after.count)
        for (index, name) in description.after.enumerated() {
            unsafe (after + index).initialize(to: immortalText(name))
        }
        let plugin = UnsafeMutablePointer<articled_plugin>.allocate(capacity: 1)
        unsafe plugin.initialize(
            to: articled_plugin(
                magic: magic, size: UInt32(MemoryLayout<articled_plugin>.size), abi: abi,
                name: immortalText(description.name), version: immortalText(description.version),
                runtime: immortalText(SwiftRuntime.name),
                flags: (description.needsStorage ? UInt32(ARTICLED_PLUGIN_NEEDS_STORAGE) : 0)
                    | (description.needsDirectory ? UInt32(ARTICLED_PLUGIN_NEEDS_DIRECTORY) : 0),
                method_count: UInt32(description.methods.count), methods: UnsafePointer(methods),
                start: start,
                handle: { plugin, method, request in
                    guard let request = unsafe request else { return }
                    unsafe PluginInstance.at(plugin)?.handle(Int(method), request)
                },
                drain: { unsafe PluginInstance.at($0)?.drainAll() },
                stop: { unsafe PluginInstance.at($0)?.stopAll() },
                health: { plugin, failure in
                    let health = unsafe PluginInstance.at(plugin)?.totalHealth ?? .healthy
                    unsafe failure?.pointee.set(0, health.message)
                    return health.state.rawValue
                },
                storage: storage,
                reload: { plugin, configuration, failure in
                    unsafe articled_failure.answer(failure) {
                        try unsafe PluginInstance.at(plugin)?.reload(
                            PluginConfiguration(json: [UInt8](configuration)))
                    }
                }, check: check,
                expect: { plugin, method, message in
                    unsafe PluginInstance.at(plugin)?.prefetch(Int(method), message)
                }, after: UnsafePointer(after), after_count: UInt32(description.after.count), reserved: 0,
                metrics: { plugin, emit, context in
                    guard let emit = unsafe emit else { return }
                    for metric in unsafe PluginInstance.at(plugin)?.metrics ?? [] {
                        unsafe metric.withC { unsafe emit(context, $0) }
                    }
                }))
        return unsafe UnsafePointer(plugin)
    }

    /// ARTICLED_PLUGIN_MAGIC, "ARTDPLIN" in little-endian order. Swift cannot import the macro.
    private static var magic: UInt64 { 0x4e49_4c50_4454_5241 }

    /// ARTICLED_ABI. Swift cannot import the expression.
    private static var abi: UInt32 { UInt32(ARTICLED_ABI_MAJOR) << 16 | UInt32(ARTICLED_ABI_MINOR) }
}

extension articled_method {
    fileprivate static func immortal(_ method: Method) -> UnsafePointer<articled_method> {
        let pointer = UnsafeMutablePointer<articled_method>.allocate(capacity: 1)
        unsafe pointer.initialize(
            to: articled_method(
                size: UInt32(MemoryLayout<articled_method>.size), flags: method.flags.rawValue,
                name: immortalText(method.name), request_type: immortalText(method.request),
                response_type: immortalText(method.response), role: method.role.rawValue, reserved: 0))
        return unsafe UnsafePointer(pointer)
    }
}

/// A C string that is never freed.
private func immortalText(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
    return unsafe UnsafePointer(copy)
}

extension PluginContext {
    /// Reads what the host passes to `start`.
    init(_ start: UnsafePointer<articled_start>, _ host: Host) throws(ServiceError) {
        let configuration = unsafe [UInt8](start.pointee.configuration)
        var storage: (any ArticleStorage)?
        if let table = unsafe start.pointee.storage {
            storage = try unsafe InjectedStorage(
                table, engine: start.pointee.engine, log: PluginLog { host.log($0, $1) },
                urlRules: start.pointee.urlRules())
        }
        self.init(
            configuration: PluginConfiguration(json: configuration.isEmpty ? Array("{}".utf8) : configuration),
            log: PluginLog { host.log($0, $1) },
            stateDirectory: unsafe String(start.pointee.state_directory),
            directory: unsafe String(start.pointee.directory), storage: storage,
            acceptsLoss: unsafe start.pointee.flags & UInt32(ARTICLED_START_RECOVER) != 0,
            progress: { host.starting($0) }, host: host)
    }
}

extension articled_start {
    /// What the configuration says of URLs. An older host says nothing.
    fileprivate func urlRules() throws(ServiceError) -> URLRules {
        let end = unsafe MemoryLayout<articled_start>.offset(of: \.stripped_parameters).map {
            unsafe $0 + MemoryLayout<articled_bytes>.size
        }
        guard let end, unsafe Int(size) >= end else { return .standard }
        do throws(URLRules.Problem) {
            return try URLRules(strippedParameters: unsafe String(stripped_parameters))
        } catch {
            throw ServiceError(.invalidArgument, error.description)
        }
    }
}
