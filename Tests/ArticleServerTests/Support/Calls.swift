// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization

@testable import ArticleServer

/// A plugin that makes calls, and what became of each.
final class CallingPlugin: LoopDirectory {
    let own = PluginSelf.immortal("calling", PluginSettings(directory: "/nonexistent"))
    let loops: [EventLoop]

    /// - Parameter isStarted: whether the service has started, so that calls without a request have a loop.
    init(_ loop: EventLoop, isStarted: Bool = true) {
        loops = [loop]
        if isStarted { own.attach(self) }
    }

    /// Calls a method, for a request or without one.
    func call(
        _ method: String, _ message: [UInt8] = [], for request: UnsafeMutablePointer<articled_request>? = nil,
        deadline: UInt64 = 0, _ reaction: @escaping (CalledMethod) -> Void = { _ in }
    ) -> CalledMethod {
        loops[0].becomeCurrent()
        let called = CalledMethod(reaction)
        let context = unsafe Unmanaged.passRetained(called).toOpaque()
        called.number = unsafe message.withUnsafeBytes { bytes in
            unsafe HostTable.shared.pointee.call(
                own.pointer, request, method, articled_bytes(data: bytes.baseAddress, size: bytes.count), deadline,
                CalledMethod.reply, context)
        }
        return called
    }

    func cancel(_ called: CalledMethod) {
        loops[0].becomeCurrent()
        unsafe HostTable.shared.pointee.call_cancel(own.pointer, called.number)
    }

    func consumed(_ called: CalledMethod, _ bytes: Int) {
        loops[0].becomeCurrent()
        unsafe HostTable.shared.pointee.call_consumed(own.pointer, called.number, bytes)
    }
}

/// What became of one call.
final class CalledMethod: @unchecked Sendable {  // of one thread
    /// 0 if it ended at once.
    var number: UInt64 = 0
    var messages: [[UInt8]] = []
    /// One end is right.
    var ends: [(code: UInt32, text: String)] = []
    /// Called with each message and the end.
    private let reaction: (CalledMethod) -> Void

    init(_ reaction: @escaping (CalledMethod) -> Void) { self.reaction = reaction }

    var code: Int? { ends.count == 1 ? Int(ends[0].code) : nil }
    var text: String { ends.first?.text ?? "" }

    nonisolated(unsafe) fileprivate static let reply: UnsafePointer<articled_reply> = {  // written once, here
        let reply = UnsafeMutablePointer<articled_reply>.allocate(capacity: 1)
        unsafe reply.initialize(
            to: articled_reply(
                size: UInt32(MemoryLayout<articled_reply>.size), reserved: 0,
                message: { context, number, message in
                    let called = unsafe Unmanaged<CalledMethod>.fromOpaque(context!).takeUnretainedValue()
                    called.number = number
                    unsafe called.messages.append(
                        Array(UnsafeRawBufferPointer(start: message.data, count: message.size)))
                    called.reaction(called)
                },
                ended: { context, code, text in
                    // Never released, so that a second end is seen.
                    let called = unsafe Unmanaged<CalledMethod>.fromOpaque(context!).takeUnretainedValue()
                    called.ends.append((code, unsafe String(text, max: 1024)))
                    called.reaction(called)
                }))
        return unsafe UnsafePointer(reply)
    }()
}
