// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import LinuxRuntime
import Synchronization

/// What clients were told, and what must be true at the end because of it.
final class Ledger: Sendable {
    /// An article, by what its writer knows of it.
    struct Entry: Sendable {
        var title: String
        var revision: UInt64
        /// Its deletion was acknowledged.
        var isDeleted = false
    }

    struct State {
        /// Acknowledged. Unknown outcomes are not in it until a read has told them.
        var entries: [ArticleID: Entry] = [:]
        /// Articles whose outcome is unknown: both may be.
        var doubtful: Set<ArticleID> = []
        var readable: [ArticleID] = []
        var writes = 0
        var reads = 0
        /// Failed calls of a kind that the client is to repeat by itself.
        var errors = 0
        /// Conditional writes without an answer, which the client must not repeat; a read told what had become of them.
        var resolved = 0
        /// Reads that did not find what had been acknowledged before them.
        var stale = 0
        var contradictions: [String] = []
        var lastWrite: UInt64?
        var longestWriteGap: UInt64 = 0
        var lastRead: UInt64?
        var longestReadGap: UInt64 = 0
    }

    private let state = Mutex(State())

    var now: State { state.withLock { $0 } }

    /// A write was acknowledged.
    func acknowledge(_ id: ArticleID, _ entry: Entry, readable: Bool = false) {
        state.withLock { state in
            state.entries[id] = entry
            state.doubtful.remove(id)
            if readable { state.readable.append(id) }
            state.writes += 1
            Self.note(&state.lastWrite, &state.longestWriteGap)
        }
    }

    func noteRead() {
        state.withLock { state in
            state.reads += 1
            Self.note(&state.lastRead, &state.longestReadGap)
        }
    }

    private static func note(_ last: inout UInt64?, _ longest: inout UInt64) {
        let now = MonotonicClock.now
        if let last { longest = max(longest, now - last) }
        last = now
    }

    /// The clients stop: a gap that has not ended counts, too.
    func end() {
        state.withLock { state in
            let now = MonotonicClock.now
            if let last = state.lastWrite { state.longestWriteGap = max(state.longestWriteGap, now - last) }
            if let last = state.lastRead { state.longestReadGap = max(state.longestReadGap, now - last) }
        }
    }

    /// A call has failed that the client was to repeat until it succeeds.
    func failed(_ what: String, _ error: ClientError, _ id: ArticleID? = nil) {
        report("error", "\(what): \(error.status) mayHaveRun=\(error.mayHaveRun): \(error.message)")
        state.withLock { state in
            state.errors += 1
            if let id, state.entries[id] == nil { state.doubtful.insert(id) }
        }
    }

    /// A conditional write has no answer.
    func doubt(_ what: String, _ error: ClientError) {
        report("doubt", "\(what): \(error.status): \(error.message)")
        state.withLock { $0.resolved += 1 }
    }

    func stale(_ text: String) {
        report("stale", text)
        state.withLock { $0.stale += 1 }
    }

    /// What was answered cannot be true.
    func contradiction(_ text: String) {
        report("contradiction", text)
        state.withLock { $0.contradictions.append(text) }
    }

    private let begun = MonotonicClock.now

    func report(_ kind: String, _ text: String) {
        let seconds = Double(MonotonicClock.elapsed(from: begun, to: MonotonicClock.now) / 1_000_000) / 1000
        printError("\(seconds) s: \(kind): \(text)")
    }
}
