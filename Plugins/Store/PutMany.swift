internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

extension Store {
    /// store.putMany: writes as the messages come, tells the results as the writes complete, and takes no more messages
    /// than the window has room for, so that neither the disk nor a client that does not read is run over.
    func putMany(_ messages: RequestMessages, _ responder: consuming Responder) async throws {
        let window = PutWindow()
        async let reading: Void = read(messages, window)
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

    /// Hands every message to the storage. Reading ends with the client's last message, or when nobody waits any more.
    private func read(_ messages: RequestMessages, _ window: PutWindow) async throws {
        defer { window.close() }
        var index: UInt64 = 0
        for try await message in messages {
            guard await window.admit(message.count) else { return }
            put(message, index, window)
            index += 1
        }
    }

    private func put(_ message: [UInt8], _ index: UInt64, _ window: PutWindow) {
        let size = message.count
        do throws(ServiceError) {
            let request = try LentPutRequest(message.rawSpan)
            try storage.put(
                article: request.article, expectedRevision: request.expectedRevision, awaitsTopics: marksForTopics
            ) { result in
                window.complete(PutManyResult.of(PutResult.of(result), index: index), size)
            }
        } catch {
            window.complete(PutManyResult.of(.failure(error), index: index), size)
        }
    }
}

/// The writes of one store.putMany that are under way: admitted, not yet told.
///
/// One side admits, the storage completes from a thread of its own, the other side tells. Each side waits at most once
/// at a time; its continuation is taken out under the lock and resumed outside of it.
final class PutWindow: Sendable {
    /// As many as share a sync with profit.
    static let maxWrites = 1024
    /// What their messages may have in bytes together; one message may go beyond.
    static let maxBytes = 4 << 20

    /// A completed write, to be told.
    struct Completed: Sendable {
        let message: [UInt8]
        let size: Int
    }

    private struct State {
        var count = 0
        var bytes = 0
        var completed: [Completed] = []
        /// No more will be admitted.
        var isClosed = false
        /// Nobody waits for the results any more.
        var isAbandoned = false
        var admission: CheckedContinuation<Void, Never>?
        var telling: CheckedContinuation<Void, Never>?

        var hasRoom: Bool { count < maxWrites && bytes < maxBytes }
        /// Whether there is something to tell, or nothing any more for ever.
        var canTell: Bool { !completed.isEmpty || isAbandoned || (isClosed && count == 0) }
    }

    private let state = Mutex(State())

    /// Waits for room for one more write. `false`: there is no use in it any more.
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

    /// A write is on disk or refused. From any thread.
    func complete(_ result: PutManyResult, _ size: Int) {
        let completed = Completed(message: result.encoded(), size: size)
        change { $0.completed.append(completed) }
    }

    /// What has completed since the last call, as soon as there is something; `nil` behind the last one.
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

    /// A result was told: there is room for another write.
    func delivered(_ result: Completed) {
        change { state in
            state.count -= 1
            state.bytes -= result.size
        }
    }

    /// No more writes will be admitted.
    func close() { change { $0.isClosed = true } }

    /// Nobody waits for the results any more.
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
