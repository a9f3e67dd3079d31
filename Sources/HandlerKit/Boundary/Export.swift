// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// Exports a handler. A plugin library contains this one line:
///
/// ```swift
/// @c(articled_plugin_descriptor)
/// public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Greeter.self) }
/// ```
///
/// articled calls the exported function once, before it starts anything; it may run on any thread.
///
/// - Parameter type: the handler. A library exports one.
/// - Returns: an `articled_plugin` (see `articled_plugin.h`), which is never freed; `nil` if the library exports too
///   many types.
public func exportPlugin<Plugin: Handler>(_ type: Plugin.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: false,
        check: { try $0.check(Plugin.Settings.self, and: type.check) },
        make: { HandlerInstance(try type.init(context: $0), $0) })
}

/// Exports a storage engine, as ``exportPlugin(_:)`` exports a handler.
///
/// - Parameter type: the engine. A library exports one.
/// - Returns: an `articled_plugin`, which is never freed; `nil` if the library exports too many types.
public func exportEngine<Engine: StorageEngine>(_ type: Engine.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: true,
        check: { try $0.check(Engine.Settings.self, and: type.check) },
        make: { EngineInstance(try type.init(context: $0), $0) })
}

/// Exports a storage engine that has methods of its own.
///
/// - Parameter type: the engine. A library exports one.
/// - Returns: an `articled_plugin`, which is never freed; `nil` if the library exports too many types.
public func exportEngine<Engine: ServingEngine>(_ type: Engine.Type) -> UnsafeRawPointer? {
    unsafe PluginExports.descriptor(
        of: ObjectIdentifier(type), type.descriptor, hasStorage: true,
        check: { try $0.check(Engine.Settings.self, and: type.check) },
        make: { ServingEngineInstance(try type.init(context: $0), $0) })
}

/// The descriptors of this library, and how to create their instances.
///
/// A C function pointer carries no type, so each exported type gets a `start` function from a small set. A library
/// exports one type; the tests export several from one image.
enum PluginExports {
    typealias Make = @Sendable (PluginContext) throws -> PluginInstance

    typealias Check = @Sendable (PluginConfiguration) throws -> Void

    @safe
    private struct Export: @unchecked Sendable {
        let type: ObjectIdentifier
        /// Never freed, and never changed once it is created.
        let descriptor: UnsafePointer<articled_plugin>
        let make: Make
        let check: Check
    }

    private static let exports = Mutex<[Export]>([])

    /// The descriptor of a type, created when it is first requested.
    static func descriptor(
        of type: ObjectIdentifier, _ description: PluginDescriptor, hasStorage: Bool, check: @escaping Check,
        make: @escaping Make
    ) -> UnsafeRawPointer? {
        let address = exports.withLock { exports -> UInt? in
            for known in exports where known.type == type { return UInt(bitPattern: unsafe known.descriptor) }
            guard unsafe exports.count < starts.count else { return nil }
            let descriptor = unsafe articled_plugin.immortal(
                description, storage: hasStorage ? EngineTable.table : nil, start: starts[exports.count],
                check: checks[exports.count])
            unsafe exports.append(Export(type: type, descriptor: descriptor, make: make, check: check))
            return UInt(bitPattern: descriptor)
        }
        guard let address else { return nil }
        return unsafe UnsafeRawPointer(bitPattern: address)
    }

    typealias Start =
        @convention(c) (
            UnsafePointer<articled_host>?, UnsafePointer<articled_start>?,
            UnsafeMutablePointer<UnsafeMutableRawPointer?>?, UnsafeMutablePointer<articled_failure>?
        ) -> UInt32

    private static let starts: [Start] = unsafe [
        { unsafe start(0, $0, $1, $2, $3) }, { unsafe start(1, $0, $1, $2, $3) },
        { unsafe start(2, $0, $1, $2, $3) }, { unsafe start(3, $0, $1, $2, $3) },
        { unsafe start(4, $0, $1, $2, $3) }, { unsafe start(5, $0, $1, $2, $3) },
        { unsafe start(6, $0, $1, $2, $3) }, { unsafe start(7, $0, $1, $2, $3) },
        { unsafe start(8, $0, $1, $2, $3) }, { unsafe start(9, $0, $1, $2, $3) },
    ]

    typealias CheckSection =
        @convention(c) (articled_bytes, UnsafeMutablePointer<articled_failure>?) -> UInt32

    private static let checks: [CheckSection] = unsafe [
        { unsafe check(0, $0, $1) }, { unsafe check(1, $0, $1) }, { unsafe check(2, $0, $1) },
        { unsafe check(3, $0, $1) }, { unsafe check(4, $0, $1) }, { unsafe check(5, $0, $1) },
        { unsafe check(6, $0, $1) }, { unsafe check(7, $0, $1) }, { unsafe check(8, $0, $1) },
        { unsafe check(9, $0, $1) },
    ]

    private static func check(
        _ index: Int, _ configuration: articled_bytes, _ failure: UnsafeMutablePointer<articled_failure>?
    ) -> UInt32 {
        unsafe articled_failure.answer(failure) {
            let check = exports.withLock { $0[index].check }
            try check(unsafe PluginConfiguration(json: [UInt8](configuration)))
        }
    }

    private static func start(
        _ index: Int, _ host: UnsafePointer<articled_host>?, _ start: UnsafePointer<articled_start>?,
        _ plugin: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ failure: UnsafeMutablePointer<articled_failure>?
    ) -> UInt32 {
        unsafe articled_failure.answer(failure) {
            guard let host = unsafe host, let start = unsafe start, let plugin = unsafe plugin else {
                throw ServiceError(.internal, "start was called without its arguments")
            }
            let own = unsafe Host(host, start.pointee.`self`)
            try own.checkComplete()
            let make = exports.withLock { $0[index].make }
            let context = try unsafe PluginContext(start, own)
            let instance: PluginInstance
            do {
                instance = try make(context)
            } catch {
                context.tasks.stop()
                throw error
            }
            // Never released, since late callbacks may refer to it.
            unsafe plugin.pointee = Unmanaged.passRetained(instance).toOpaque()
        }
    }
}
