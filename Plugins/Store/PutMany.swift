// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

extension Store {
    /// store.putMany: writes messages as they arrive, and sends results as the writes complete. It reads no more
    /// messages than the window has room for, so that neither the disk nor a client that does not read is
    /// overwhelmed.
    func putMany(_ messages: RequestMessages, _ peer: Peer, _ responder: consuming Responder) async throws {
        let window = PutWindow()
        async let reading: Void = read(messages, peer, window)
        do {
            while let results = await window.results() {
                for result in results {
                    try await responder.send(result.message)
                    window.delivered(result)
                }
            }
        } catch {
            window.abandon()
            throw error
        }
        try await reading
        responder.finish()
    }

    /// Passes each message to the storage. Ends with the client's last message, or when the results are no longer
    /// needed.
    private func read(_ messages: RequestMessages, _ peer: Peer, _ window: PutWindow) async throws {
        defer { window.close() }
        var index: UInt64 = 0
        for try await message in messages {
            guard await window.admit(message.count) else { return }
            put(message, index, peer, window)
            index += 1
        }
    }

    private func put(_ message: [UInt8], _ index: UInt64, _ peer: Peer, _ window: PutWindow) {
        let size = message.count
        do throws(ServiceError) {
            let request = try LentPutRequest(message.rawSpan)
            try storage.put(
                article: request.article, expectedRevision: request.expectedRevision,
                createdAt: try request.createdAt(from: peer)
            ) { result in
                window.complete(PutManyResult.of(PutResult.of(result), index: index), size)
            }
        } catch {
            window.complete(PutManyResult.of(.failure(error), index: index), size)
        }
    }
}

/// The writes of one store.putMany in flight: admitted, but their results not sent yet.
///
/// One side admits writes, the storage completes them on a thread of its own, and the other side sends the results.
/// Each side waits at most once at a time. Its continuation is removed under the lock and resumed outside of it.
final class PutWindow: Sendable {
    /// The most writes in flight: more would not make a sync cheaper.
    static let maxWrites = 1024
    /// The most bytes of their messages. The last message may exceed them.
    static let maxBytes = 4 << 20

    /// A completed write whose result is to be sent.
    struct Completed: Sendable {
        let message: [UInt8]
        let size: Int
    }

    private struct State {
        var count = 0
        var bytes = 0
        var completed: [Completed] = []
        /// No more writes will be admitted.
        var isClosed = false
        /// The results are no longer needed.
        var isAbandoned = false
        var admission: CheckedContinuation<Void, Never>?
        var telling: CheckedContinuation<Void, Never>?

        var hasRoom: Bool { count < maxWrites && bytes < maxBytes }
        /// Whether there are results to send, or there will never be any again.
        var canTell: Bool { !completed.isEmpty || isAbandoned || (isClosed && count == 0) }
    }

    private let state = Mutex(State())

    /// Waits for room for one more write. Returns `false` if the results are no longer needed.
    func admit(_ size: Int) async -> Bool {
        while true {
            let (isAbandoned, isAdmitted) = state.withLock { state in
                let isAdmitted = state.hasRoom && !state.isAbandoned
                if isAdmitted {
                    state.count += 1
                    state.bytes += size
                }
                return (state.isAbandoned, isAdmitted)
            }
            if isAbandoned { return false }
            if isAdmitted { return true }
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let waits = !state.hasRoom && !state.isAbandoned
                    if waits { state.admission = continuation }
                    return waits
                }
                if !waits { continuation.resume() }
            }
        }
    }

    /// A write is on disk or refused. May be called on any thread.
    func complete(_ result: PutManyResult, _ size: Int) {
        let completed = Completed(message: result.encoded(), size: size)
        change { $0.completed.append(completed) }
    }

    /// The results since the last call, as soon as there are any; `nil` after the last ones.
    func results() async -> [Completed]? {
        while true {
            let (results, isLast) = state.withLock { state in
                let results = state.completed
                state.completed = []
                return (results, state.isAbandoned || (state.isClosed && state.count == 0))
            }
            if !results.isEmpty { return results }
            if isLast { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let waits = state.withLock { state in
                        if !state.canTell { state.telling = continuation }
                        return !state.canTell
                    }
                    if !waits { continuation.resume() }
                }
            } onCancel: {
                abandon()
            }
        }
    }

    /// A result was sent, which makes room for another write.
    func delivered(_ result: Completed) {
        change { state in
            state.count -= 1
            state.bytes -= result.size
        }
    }

    /// No more writes will be admitted.
    func close() { change { $0.isClosed = true } }

    /// The results are no longer needed.
    func abandon() { change { $0.isAbandoned = true } }

    private func change(_ body: (inout State) -> Void) {
        let (admission, telling) = state.withLock { state in
            body(&state)
            return (
                state.hasRoom || state.isAbandoned ? state.admission.take() : nil,
                state.canTell ? state.telling.take() : nil
            )
        }
        admission?.resume()
        telling?.resume()
    }
}
