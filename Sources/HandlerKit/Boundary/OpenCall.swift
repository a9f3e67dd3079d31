// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// A call of another plugin's method, from its beginning to its end.
///
/// The host's answers come on an event loop, while the reader may be anywhere, hence the lock. The host keeps a reference
/// until it has called `ended`, which it does exactly once.
final class OpenCall: Sendable {
    private let host: Host
    private let state = Mutex(State())

    private struct State {
        /// The host's number; 0 before it is known, and for a call that ended at once.
        var number: UInt64 = 0
        var messages = UnreadMessages()
        var end: Result<Void, ServiceError>?
        var isCancelled = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private init(_ host: Host) { self.host = host }

    // MARK: Beginning

    /// Begins a call without a request. Any thread.
    static func begin(_ method: String, _ message: [UInt8], deadline: Deadline?, _ host: Host) -> OpenCall {
        let call = OpenCall(host)
        unsafe call.begin(method, message, deadline, nil)
        return call
    }

    /// Begins a call for a request, on the request's event loop: now if this is its thread, otherwise soon.
    static func begin(_ method: String, _ message: [UInt8], deadline: Deadline?, _ state: CallState) -> OpenCall {
        let call = OpenCall(state.handle.host)
        state.handle.onLoop {
            guard !state.isEnded else {
                return call.ended(.failure(ServiceError(.cancelled, "the request that made this call has ended")))
            }
            unsafe call.begin(method, message, deadline, state.handle.request)
        }
        return call
    }

    private func begin(
        _ method: String, _ message: [UInt8], _ deadline: Deadline?, _ request: UnsafeMutablePointer<articled_request>?
    ) {
        guard !state.withLock({ $0.isCancelled }) else {
            return ended(.failure(ServiceError(.cancelled, "the task was cancelled")))
        }
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let number = unsafe message.withUnsafeBytes { bytes in
            unsafe method.withCString { name in
                unsafe host.table.pointee.call(
                    host.plugin, request, name, articled_bytes(bytes), deadline?.nanoseconds ?? 0, Self.reply, context)
            }
        }
        let isLate = state.withLock { state in
            state.number = number
            return state.isCancelled && state.end == nil
        }
        if isLate { unsafe host.table.pointee.call_cancel(host.plugin, number) }
    }

    // MARK: The host's side

    /// Never freed, since the host keeps its address.
    nonisolated(unsafe) private static let reply: UnsafePointer<articled_reply> = {
        let reply = UnsafeMutablePointer<articled_reply>.allocate(capacity: 1)
        unsafe reply.initialize(
            to: articled_reply(
                size: UInt32(MemoryLayout<articled_reply>.size), reserved: 0,
                message: { context, number, message in
                    guard let context = unsafe context else { return }
                    let call = unsafe Unmanaged<OpenCall>.fromOpaque(context).takeUnretainedValue()
                    call.received(number, unsafe [UInt8](message))
                },
                ended: { context, code, text in
                    guard let context = unsafe context else { return }
                    let call = unsafe Unmanaged<OpenCall>.fromOpaque(context).takeRetainedValue()
                    if code == UInt32(ARTICLED_OK) { return call.ended(.success(())) }
                    call.ended(
                        .failure(ServiceError(StatusCode(rawValue: code) ?? .internal, unsafe String(text))))
                }))
        return unsafe UnsafePointer(reply)
    }()

    private func received(_ number: UInt64, _ message: [UInt8]) {
        resume { state in
            state.number = number
            state.messages.append(message)
        }
    }

    private func ended(_ result: Result<Void, ServiceError>) { resume { $0.end = $0.end ?? result } }

    private func resume(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            return state.waiting.take()
        }
        waiting?.resume()
    }

    // MARK: The caller's side

    /// Nobody needs the rest of the answer. Any thread.
    func cancel() {
        let (number, waiting) = state.withLock { state in
            defer { state.isCancelled = true }
            let isOpen = state.end == nil && !state.isCancelled
            return (isOpen ? state.number : 0, state.waiting.take())
        }
        if number != 0 { unsafe host.table.pointee.call_cancel(host.plugin, number) }
        waiting?.resume()
    }

    /// The next message of the response; `nil` after the last one.
    func next() async throws(ServiceError) -> [UInt8]? {
        while true {
            let (message, end, number) = state.withLock { state in
                let message = state.messages.take()
                let end = state.isCancelled ? .failure(ServiceError(.cancelled, "the task was cancelled")) : state.end
                return (message, message == nil ? end : nil, state.end == nil ? state.number : 0)
            }
            if let message {
                if number != 0 {
                    unsafe host.table.pointee.call_consumed(
                        host.plugin, number, message.count + Int(ARTICLED_MESSAGE_OVERHEAD))
                }
                return message
            }
            if let end {
                try end.get()
                return nil
            }
            await wait()
        }
    }

    /// Waits for a message, the end, or the task's cancellation.
    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = state.messages.isEmpty && state.end == nil && !state.isCancelled
                    if waits { state.waiting = continuation }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }
}
