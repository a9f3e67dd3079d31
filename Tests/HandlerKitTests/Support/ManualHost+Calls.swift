// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization

/// Calls of other plugins' methods in the manual host, answered by rules:
///
/// - other.echo: the message, at once
/// - other.fail: not found, "no such thing"
/// - other.numbers: as many messages of one byte as the first byte says, two at a time: each that is consumed brings one
/// - other.never: nothing, until it is cancelled
extension ManualHost {
    /// A call that has not ended.
    @safe
    struct OpenCall: @unchecked Sendable {  // its pointers are used by one thread at a time
        let reply: UnsafePointer<articled_reply>
        let context: UnsafeMutableRawPointer?
        var next: UInt8 = 0
        var left: UInt8 = 0

        func send(_ number: UInt64, _ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes {
                unsafe reply.pointee.message(context, number, articled_bytes(data: $0.baseAddress, size: $0.count))
            }
        }

        func end(_ code: Int, _ text: String = "") {
            var text = text
            text.withUTF8 {
                unsafe reply.pointee.ended(context, UInt32(code), articled_bytes(data: $0.baseAddress, size: $0.count))
            }
        }
    }

    private struct Calls {
        var lastNumber: UInt64 = 0
        var open: [UInt64: OpenCall] = [:]
        /// What was called: "other.echo for 77 until 5".
        var made: [String] = []
    }

    private static let calls = Mutex(Calls())

    static var openCalls: Int { calls.withLock { $0.open.count } }
    static var madeCalls: [String] { calls.withLock { $0.made } }

    static func addCalls(to host: inout articled_host) {
        unsafe host.call = { _, request, method, message, deadline, reply, context in
            let method = unsafe String(cString: method!)
            unsafe TestRequest.of(request)?.check("call")
            let who = unsafe request.map { unsafe "\($0.pointee.id)" } ?? "nobody"
            let number = ManualHost.calls.withLock { calls in
                calls.made.append("\(method) for \(who) until \(deadline)")
                calls.lastNumber += 1
                return calls.lastNumber
            }
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: message.data, count: message.size))
            var call = unsafe OpenCall(reply: reply!, context: context)
            switch method {
            case "other.echo":
                call.send(number, bytes)
                call.end(ARTICLED_OK)
                return 0
            case "other.fail":
                call.end(ARTICLED_NOT_FOUND, "no such thing")
                return 0
            case "other.numbers":
                call.left = bytes[0]
                ManualHost.calls.withLock { $0.open[number] = call }
                for _ in 0..<2 { ManualHost.sendNext(number) }
                return number
            case "other.never":
                ManualHost.calls.withLock { $0.open[number] = call }
                return number
            default:
                call.end(ARTICLED_UNIMPLEMENTED, "there is no method \(method)")
                return 0
            }
        }
        unsafe host.call_consumed = { _, number, bytes in
            if bytes == 1 + Int(ARTICLED_MESSAGE_OVERHEAD) { ManualHost.sendNext(number) }
        }
        unsafe host.call_cancel = { _, number in
            ManualHost.calls.withLock { $0.open.removeValue(forKey: number) }?
                .end(ARTICLED_CANCELLED, "cancelled by the caller")
        }
    }

    /// The next number, or the end after the last one.
    private static func sendNext(_ number: UInt64) {
        let call = ManualHost.calls.withLock { calls -> OpenCall? in
            guard let call = calls.open[number] else { return nil }
            calls.open[number]?.next += 1
            calls.open[number]?.left = call.left &- 1
            if call.left == 0 { calls.open[number] = nil }
            return call
        }
        guard let call else { return }
        if call.left == 0 { call.end(ARTICLED_OK) } else { call.send(number, [call.next]) }
    }
}
