// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI

@testable import ArticleServer

/// The plugin behind `SessionHarness`. It keeps requests and records their events.
@safe final class Script {
    var kept: [UnsafeMutablePointer<articled_request>] = unsafe []
    var messages: [[UInt8]] = []
    var ends = 0
    var writables = 0
    var cancellations: [UInt32] = []
    /// Requests are kept without being watched.
    var watchesLater = false
    /// What happened, in order: a message's first byte, or "end".
    var order: [String] = []
    /// Runs before a request is handled.
    var beforeHandling: () -> Void = {}

    static let handle:
        @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<articled_request>?) -> Void = {
            plugin, method, request in
            guard let plugin = unsafe plugin, let request = unsafe request else { return }
            let script = unsafe Unmanaged<Script>.fromOpaque(plugin).takeUnretainedValue()
            script.beforeHandling()
            if method == 0 || method == 3 {
                var part = unsafe request.pointee.payload
                // Once as a plugin that knows its answer's checksum, once as one that does not.
                var checksum = unsafe CRC32C.checksum(UnsafeRawBufferPointer(start: part.data, count: part.size))
                _ = unsafe withUnsafePointer(to: &checksum) {
                    unsafe HostTable.shared.pointee.respond(request, &part, 1, method == 0 ? $0 : nil)
                }
            } else {
                unsafe script.kept.append(request)
                if !script.watchesLater { unsafe HostTable.shared.pointee.watch(request, events, plugin) }
            }
        }

    nonisolated(unsafe) private static let events: UnsafePointer<articled_events> = {  // written once, here
        let events = UnsafeMutablePointer<articled_events>.allocate(capacity: 1)
        unsafe events.initialize(
            to: articled_events(
                size: UInt32(MemoryLayout<articled_events>.size), reserved: 0,
                message: { context, _, message in
                    let script = unsafe Script.at(context)
                    let bytes = unsafe Array(UnsafeRawBufferPointer(start: message.data, count: message.size))
                    script.messages.append(bytes)
                    script.order.append(bytes.first.map { "\($0)" } ?? "")
                },
                ended: { context, _ in
                    let script = unsafe Script.at(context)
                    script.ends += 1
                    script.order.append("end")
                },
                writable: { context, _ in unsafe Script.at(context).writables += 1 },
                cancelled: { context, _, code in unsafe Script.at(context).cancellations.append(code) }))
        return unsafe UnsafePointer(events)
    }()

    private static func at(_ context: UnsafeMutableRawPointer?) -> Script {
        unsafe Unmanaged<Script>.fromOpaque(context!).takeUnretainedValue()
    }

    // MARK: What the test makes the plugin do with the first request that it kept

    func watch() {
        let plugin = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe HostTable.shared.pointee.watch(kept[0], Self.events, plugin)
    }

    /// With a part that has a size, but no bytes.
    func respondWithNothing(_ size: Int) -> UInt32 {
        var part = unsafe articled_bytes(data: nil, size: size)
        return unsafe HostTable.shared.pointee.respond(kept[0], &part, 1, nil)
    }

    func respond(_ payload: [UInt8]) -> UInt32 {
        unsafe answer(payload) { unsafe HostTable.shared.pointee.respond($0, $1, 1, nil) }
    }

    func send(_ payload: [UInt8]) -> UInt32 {
        unsafe answer(payload) { unsafe HostTable.shared.pointee.send($0, $1, 1, nil) }
    }

    func finish() -> UInt32 { unsafe HostTable.shared.pointee.finish(kept[0]) }

    func fail(_ code: Int) -> UInt32 {
        unsafe HostTable.shared.pointee.fail(kept[0], UInt32(code), articled_bytes(data: nil, size: 0))
    }

    func consumed(_ bytes: Int) { unsafe HostTable.shared.pointee.consumed(kept[0], bytes) }

    private func answer(
        _ payload: [UInt8], _ body: (UnsafeMutablePointer<articled_request>, UnsafePointer<articled_bytes>) -> UInt32
    ) -> UInt32 {
        unsafe payload.withUnsafeBytes { bytes in
            var part = unsafe articled_bytes(data: bytes.baseAddress, size: bytes.count)
            return unsafe body(kept[0], &part)
        }
    }
}
