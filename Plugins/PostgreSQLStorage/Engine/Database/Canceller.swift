// SPDX-License-Identifier: Apache-2.0
internal import CPQ
internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// The means to cancel what a server does on a connection.
///
/// Sendable although it is not thread-safe: it is handed over once.
@safe
final class Cancellation: @unchecked Sendable {
    private let handle: OpaquePointer

    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQfreeCancel(handle) }

    /// Asks the server, by a connection of its own. Blocks. Whether it comes in time is not known.
    func run() {
        var message = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(handle, &message, Int32(message.count))
    }
}

/// Cancels queries that nobody waits for any more, on a thread of its own: libpq waits for the server there.
final class Canceller: Sendable {
    private struct State {
        var waiting: [Cancellation] = []
        var isStopped = false
    }

    /// The most that may wait. What is not cancelled ends by its time-out.
    private static let most = 16

    private let state = Mutex(State())
    private let wakeUp = Semaphore()

    func add(_ cancellation: Cancellation) {
        state.withLock { if $0.waiting.count < Self.most { $0.waiting.append(cancellation) } }
        wakeUp.signal()
    }

    /// Ends the thread, as soon as libpq returns.
    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.signal()
    }

    /// The thread.
    func run() {
        while true {
            let (next, isStopped) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
            }
            if isStopped { return }
            if let next { next.run() } else { wakeUp.wait() }
        }
    }
}
