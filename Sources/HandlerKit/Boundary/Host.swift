// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// The host, and the plugin as the host knows it: what the functions of `articled_host` need.
///
/// Sendable although it holds pointers: neither is ever freed, and the host's functions say on which threads they may be
/// called.
@safe
struct Host: @unchecked Sendable {
    let table: UnsafePointer<articled_host>
    /// `articled_start.self`
    let plugin: OpaquePointer?

    init(_ table: UnsafePointer<articled_host>, _ plugin: OpaquePointer?) {
        unsafe self.table = table
        unsafe self.plugin = plugin
    }

    /// Throws unless the host has all functions of the first version.
    func checkComplete() throws(ServiceError) {
        let host = unsafe table.pointee
        guard unsafe host.size >= UInt32(MemoryLayout<articled_host>.size), unsafe host.log != nil,
            unsafe host.schedule != nil, unsafe host.is_current != nil, unsafe host.respond != nil,
            unsafe host.send != nil, unsafe host.finish != nil, unsafe host.fail != nil, unsafe host.watch != nil,
            unsafe host.consumed != nil, unsafe host.starting != nil, unsafe host.background != nil,
            unsafe host.work_begin != nil, unsafe host.work_end != nil, unsafe host.call != nil,
            unsafe host.call_consumed != nil, unsafe host.call_cancel != nil
        else { throw ServiceError(.failedPrecondition, "this articled lacks functions that the plugin needs") }
    }

    // MARK: Any thread

    /// Writes a line to the journal.
    func log(_ level: PluginLog.Level, _ message: String) {
        var message = message
        message.withUTF8 { text in
            unsafe table.pointee.log(plugin, level.rawValue, articled_bytes(UnsafeRawBufferPointer(text)))
        }
    }

    /// Reports progress of a start.
    func starting(_ status: String) {
        var status = status
        status.withUTF8 { text in
            unsafe table.pointee.starting(plugin, articled_bytes(UnsafeRawBufferPointer(text)))
        }
    }

    /// A piece of background work begins.
    func beginWork(_ name: String) -> Work {
        var name = name
        return name.withUTF8 { text in
            unsafe Work(number: table.pointee.work_begin(plugin, articled_bytes(UnsafeRawBufferPointer(text))))
        }
    }

    /// A piece of background work has ended, with an error if it failed.
    func endWork(_ work: Work, _ failure: ServiceError?) {
        guard let failure else {
            return unsafe table.pointee.work_end(work.number, UInt32(ARTICLED_OK), articled_bytes())
        }
        let code = failure.code == .ok ? StatusCode.internal.rawValue : failure.code.rawValue
        var message = failure.message
        message.withUTF8 { text in
            unsafe table.pointee.work_end(work.number, code, articled_bytes(UnsafeRawBufferPointer(text)))
        }
    }

    /// A piece of background work. Sendable: the host takes its pointer on any thread.
    @safe
    struct Work: @unchecked Sendable {
        fileprivate let number: OpaquePointer?
    }
}
