internal import ArticleProtocol
internal import CPluginABI

extension articled_plugin {
    /// The C form of a descriptor, for as long as the process.
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
        let plugin = UnsafeMutablePointer<articled_plugin>.allocate(capacity: 1)
        unsafe plugin.initialize(
            to: articled_plugin(
                magic: magic, size: UInt32(MemoryLayout<articled_plugin>.size), abi: abi,
                name: immortalText(description.name), version: immortalText(description.version),
                runtime: immortalText(SwiftRuntime.name),
                flags: description.needsStorage ? UInt32(ARTICLED_PLUGIN_NEEDS_STORAGE) : 0,
                method_count: UInt32(description.methods.count), methods: UnsafePointer(methods),
                start: start,
                handle: { plugin, method, request in
                    guard let request = unsafe request else { return }
                    unsafe PluginInstance.at(plugin)?.handle(Int(method), request)
                },
                drain: { unsafe PluginInstance.at($0)?.drain() },
                stop: { unsafe PluginInstance.at($0)?.stop() },
                health: { plugin, failure in
                    let health = unsafe PluginInstance.at(plugin)?.health ?? .healthy
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
                    unsafe PluginInstance.at(plugin)?.expect(Int(method), message)
                }))
        return unsafe UnsafePointer(plugin)
    }

    /// ARTICLED_PLUGIN_MAGIC, "ARTDPLIN" in little-endian order; the macro is none that Swift imports.
    private static var magic: UInt64 { 0x4e49_4c50_4454_5241 }

    /// ARTICLED_ABI, which is an expression that Swift does not import.
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

/// A C string for as long as the process.
private func immortalText(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
    return unsafe UnsafePointer(copy)
}
