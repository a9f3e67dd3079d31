// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Glibc
import HandlerKit

/// A plugin that was started by the manual host.
///
/// Sendable although it holds pointers: both are never freed.
@safe
struct TestPlugin: @unchecked Sendable {
    let descriptor: UnsafePointer<articled_plugin>
    let instance: UnsafeMutableRawPointer?

    /// Starts a plugin that this process exports.
    init(
        _ descriptor: UnsafeRawPointer?, configuration: String = "{}", storage: TestPlugin? = nil
    ) throws(ServiceError) {
        guard let descriptor = unsafe descriptor?.assumingMemoryBound(to: articled_plugin.self) else {
            throw ServiceError(.internal, "no descriptor")
        }
        var instance: UnsafeMutableRawPointer?
        var text = [CChar](repeating: 0, count: 256)
        var code: UInt32 = 0
        var message = ""
        var configuration = configuration
        configuration.withUTF8 { json in
            unsafe text.withUnsafeMutableBufferPointer { text in
                var start = unsafe articled_start()
                unsafe start.size = UInt32(MemoryLayout<articled_start>.size)
                unsafe start.configuration = articled_bytes(data: json.baseAddress, size: json.count)
                unsafe start.storage = storage?.descriptor.pointee.storage
                unsafe start.engine = storage?.instance
                unsafe start.`self` = OpaquePointer(descriptor)
                var failure = unsafe articled_failure()
                unsafe failure.size = UInt32(MemoryLayout<articled_failure>.size)
                unsafe failure.message = text.baseAddress
                unsafe failure.capacity = text.count
                code = unsafe descriptor.pointee.start(ManualHost.table, &start, &instance, &failure)
                message = unsafe String(
                    decoding: UnsafeRawBufferPointer(text)[..<failure.message_size], as: UTF8.self)
            }
        }
        guard code == 0 else { throw ServiceError(StatusCode(rawValue: code) ?? .unknown, message) }
        unsafe self.descriptor = descriptor
        unsafe self.instance = instance
    }

    /// Loads the library `name` from the directory of the tests, as articled would, and starts it.
    init(
        library name: String, configuration: String = "{}", storage: TestPlugin? = nil
    ) throws(ServiceError) {
        var path = [CChar](repeating: 0, count: 4096)
        _ = unsafe readlink("/proc/self/exe", &path, 4095)
        let program = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = program[..<(program.lastIndex(of: "/") ?? program.endIndex)]
        guard let library = unsafe dlopen("\(directory)/lib\(name).so", RTLD_NOW | RTLD_LOCAL),
            let symbol = unsafe dlsym(library, ARTICLED_PLUGIN_SYMBOL)
        else { throw ServiceError(.internal, unsafe String(cString: dlerror())) }
        let descriptor = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeRawPointer?).self)
        try unsafe self.init(descriptor(), configuration: configuration, storage: storage)
    }

    /// Passes the plugin a request for the method `method`, and overwrites the lent payload afterwards.
    func handle(_ method: String, _ request: TestRequest) {
        let count = unsafe descriptor.pointee.method_count
        for index in 0..<count {
            let name = unsafe String(cString: descriptor.pointee.methods[Int(index)]!.pointee.name)
            guard name == method else { continue }
            request.loop.enter { unsafe descriptor.pointee.handle(instance, index, request.pointer) }
            request.scramblePayload()
            return
        }
        request.violations.append("there is no method \(method)")
    }
}
