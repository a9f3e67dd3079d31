// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization

/// The host's side of the plugin boundary, without articled. Everything happens when the test says so.
enum ManualHost {
    /// Lines that plugins have logged, by their log pointer.
    static let journal = Mutex<[UInt: [String]]>([:])

    nonisolated(unsafe) static let table: UnsafePointer<articled_host> = {
        let table = UnsafeMutablePointer<articled_host>.allocate(capacity: 1)
        unsafe table.initialize(to: make())
        return unsafe UnsafePointer(table)
    }()

    private static func make() -> articled_host {
        var host = unsafe articled_host()
        unsafe host.size = UInt32(MemoryLayout<articled_host>.size)
        unsafe host.abi = 2 << 16
        unsafe host.log = { log, level, message in
            let text = unsafe ManualHost.text(message)
            let address = UInt(bitPattern: log)
            ManualHost.journal.withLock { $0[address, default: []].append("\(level) \(text)") }
        }
        unsafe host.schedule = { loop, run, job, context in
            nonisolated(unsafe) let job = unsafe job
            nonisolated(unsafe) let context = unsafe context
            unsafe ManualHost.loop(loop).schedule { unsafe run?(job, context) }
        }
        unsafe host.is_current = { unsafe ManualHost.loop($0).isCurrent ? 1 : 0 }
        unsafe host.respond = { request, parts, count, checksum in
            let bytes = unsafe ManualHost.join(parts, count)
            return unsafe TestRequest.of(request)?.end(.response(bytes, checksum: checksum?.pointee)) ?? ManualHost.gone
        }
        unsafe host.send = { request, parts, count, _ in
            let bytes = unsafe ManualHost.join(parts, count)
            return unsafe TestRequest.of(request)?.send(bytes) ?? ManualHost.gone
        }
        unsafe host.finish = { unsafe TestRequest.of($0)?.end(.finished) ?? ManualHost.gone }
        unsafe host.fail = { request, code, message in
            let text = unsafe ManualHost.text(message)
            return unsafe TestRequest.of(request)?.end(.failed(code, text)) ?? ManualHost.gone
        }
        unsafe host.watch = { request, events, context in
            unsafe TestRequest.of(request)?.watch(events, context)
        }
        unsafe host.starting = { _, _ in }
        unsafe host.consumed = { request, bytes in
            guard let request = unsafe TestRequest.of(request) else { return }
            request.check("consumed")
            request.consumed += bytes
        }
        unsafe ManualHost.addWork(to: &host)
        unsafe ManualHost.addCalls(to: &host)
        return unsafe host
    }

    private static var gone: UInt32 { UInt32(ARTICLED_GONE) }

    static func loop(_ pointer: OpaquePointer?) -> ManualLoop {
        unsafe Unmanaged<ManualLoop>.fromOpaque(UnsafeRawPointer(pointer!)).takeUnretainedValue()
    }

    private static func join(_ parts: UnsafePointer<articled_bytes>?, _ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in 0..<count {
            unsafe bytes.append(
                contentsOf: UnsafeRawBufferPointer(start: parts?[index].data, count: parts?[index].size ?? 0))
        }
        return bytes
    }

    static func text(_ bytes: articled_bytes) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: bytes.data, count: bytes.size), as: UTF8.self)
    }
}
