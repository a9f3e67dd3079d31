// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// A caller that waits for a read. The engine may answer, late or never; the task may be cancelled; the time may pass.
/// Whichever comes first counts.
final class PendingRead: Sendable {
    typealias Answer = Result<ReadAnswer, ServiceError>

    private struct State {
        var waiting: CheckedContinuation<Answer, Never>?
        var ended: Answer?
    }

    /// No read takes longer than this, so that an engine that never answers does not hold its callers for ever.
    private static let limit: UInt64 = 30_000_000_000
    /// Tokens are unique within the process, but each plugin has a counter of its own: so each begins somewhere else.
    private static let lastToken = Atomic<UInt64>(.random(in: 1 << 32...1 << 62))
    /// Those that the engine has not answered, by token. An engine that answers twice finds nothing here the second time.
    private static let unanswered = Mutex(Unanswered())

    private struct Unanswered {
        var reads: [UInt64: PendingRead] = [:]
        /// A task looks now and then for those whose time has passed: a timer for each would cost more than the read.
        var areWatched = false
    }

    let token = PendingRead.lastToken.add(1, ordering: .relaxed).newValue
    let deadline = Deadline(nanoseconds: Deadline.now.nanoseconds &+ PendingRead.limit)
    private let log: PluginLog
    private let state = Mutex(State())
    private let isAnswered = Atomic(false)

    init(_ log: PluginLog) { self.log = log }

    /// Returns `false` if it has ended, and the continuation was resumed.
    func begin(_ continuation: CheckedContinuation<Answer, Never>) -> Bool {
        let ended = state.withLock { state in
            if state.ended == nil { state.waiting = continuation }
            return state.ended
        }
        if let ended { continuation.resume(returning: ended) }
        return ended == nil
    }

    /// Ends the wait, unless it has ended.
    func end(_ answer: Answer) {
        let waiting = state.withLock { state in
            guard state.ended == nil else { return nil as CheckedContinuation<Answer, Never>? }
            state.ended = answer
            return state.waiting.take()
        }
        waiting?.resume(returning: answer)
    }

    /// Whether the caller no longer waits, and the engine has not answered yet.
    var isGivenUp: Bool { !isAnswered.load(ordering: .relaxed) }

    /// The context for `call`. Limits the wait.
    func context() -> UnsafeMutableRawPointer? {
        let isFirst = Self.unanswered.withLock { unanswered in
            unanswered.reads[token] = self
            defer { unanswered.areWatched = true }
            return !unanswered.areWatched
        }
        if isFirst { Task.detached { await Self.watch() } }
        return unsafe UnsafeMutableRawPointer(bitPattern: UInt(token))
    }

    /// Ends reads whose time has passed, until none is left.
    private static func watch() async {
        while true {
            try? await Task.sleep(for: .seconds(1))
            let now = Deadline.now.nanoseconds
            let late: [PendingRead]? = unanswered.withLock { unanswered in
                if unanswered.reads.isEmpty {
                    unanswered.areWatched = false
                    return nil
                }
                let late = unanswered.reads.values.filter { $0.deadline.nanoseconds <= now }
                for read in late { unanswered.reads[read.token] = nil }
                return late
            }
            guard let late else { return }
            for read in late { read.expire() }
        }
    }

    private func expire() {
        let text = "the storage did not answer a read within 30 seconds"
        log.error(text)
        end(.failure(ServiceError(.unavailable, text)))
    }

    static let call: ReadCallback.Function = { context, result in
        let token = UInt64(UInt(bitPattern: context))
        guard let read = unanswered.withLock({ $0.reads.removeValue(forKey: token) }) else { return }
        read.isAnswered.store(true, ordering: .relaxed)
        do throws(ServiceError) {
            guard let result = unsafe result else { throw EngineTable.missing }
            read.end(.success(unsafe try ReadAnswer(result)))
        } catch {
            read.end(.failure(error))
        }
    }
}
