// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree
import Synchronization

/// The counts of an import so far. The task that reads the files and the task that reads the answers both update it.
final class ImportReport: Sendable {
    private struct State: ~Copyable {
        var created = 0
        var updated = 0
        var unchanged = 0
        var rejected = 0
        /// Where the articles under way come from, by their index.
        var origins: [UInt64: Origin] = [:]
        var sent: UInt64 = 0
        var bytesRead = 0
        var progress: Progress
    }

    private let state: Mutex<State>
    /// The size of all files in bytes; nil if unknown.
    private let total: Int?
    /// With --keep: articles that are stored already stay as they are.
    private let keep: Bool
    /// Complaints are JSON, for programs.
    private let complainsInJSON: Bool
    private let notes: RecordNotes

    init(total: Int?, keep: Bool, shown: Bool, json: Bool) {
        self.total = total
        self.keep = keep
        complainsInJSON = json
        notes = RecordNotes(asJSON: json)
        state = Mutex(State(progress: Progress(shown: shown)))
    }

    // MARK: What the reader tells

    func sent(_ origin: Origin, notes: [RecordNote], bytesRead: Int) {
        if !notes.isEmpty {
            state.withLock { $0.progress.clear() }
            self.notes.tell(notes, at: origin)
        }
        state.withLock { state in
            state.origins[state.sent] = origin
            state.sent += 1
            state.bytesRead = bytesRead
        }
    }

    /// What is told of a file.
    func tell(_ note: RecordNote, at origin: Origin) {
        state.withLock { $0.progress.clear() }
        notes.tell([note], at: origin)
    }

    /// A record that is not stored.
    func reject(_ origin: Origin?, _ reason: String) {
        state.withLock { state in
            state.rejected += 1
            state.progress.clear()
            CommandFailure(.data, (origin.map { "\($0): " } ?? "") + reason).tell(asJSON: complainsInJSON)
        }
    }

    // MARK: What the service tells

    /// - Throws: an error that every other article would get too: no permission, a full disk.
    func note(_ outcome: PutManyOutcome) throws(CommandFailure) {
        let origin = state.withLock { $0.origins.removeValue(forKey: outcome.index) }
        switch outcome.result {
        case .success(let result): count(result.outcome)
        case .failure(let error):
            switch error.status {
            case .conflict where keep: count(.unchanged)
            case .invalidArgument, .alreadyExists, .conflict, .notFound: reject(origin, error.message)
            default:
                let failure = CommandFailure(ofChange: error)
                throw CommandFailure(
                    failure.code, (origin.map { "\($0): " } ?? "") + failure.message, hint: failure.hint)
            }
        }
    }

    private func count(_ outcome: PutOutcome) {
        state.withLock { state in
            switch outcome {
            case .created, .unspecified: state.created += 1
            case .updated: state.updated += 1
            case .unchanged: state.unchanged += 1
            }
            let fraction = total.map { $0 > 0 ? Double(state.bytesRead) / Double($0) : 0 }
            state.progress.show(count: state.created + state.updated + state.unchanged, fraction: fraction)
        }
    }

    // MARK: The end

    func end() {
        state.withLock { $0.progress.clear() }
        notes.end()
    }

    /// How many articles are stored without a part of what they had.
    var losses: Int { notes.losses }

    var rejected: Int { state.withLock { $0.rejected } }

    /// "33,759 articles in 1.9 s: 33,759 created, 0 updated, 0 unchanged, 0 rejected"
    var summary: String {
        state.withLock { state in
            let count = state.created + state.updated + state.unchanged
            let seconds = state.progress.elapsed
            let rate = seconds > 0 ? Int(Double(count) / seconds) : 0
            return "\(Quantity.count(count, "article")) in \(Quantity.duration(nanoseconds: seconds * 1e9)) "
                + "(\(Quantity.grouped(rate))/s): \(Quantity.grouped(state.created)) created, "
                + "\(Quantity.grouped(state.updated)) updated, \(Quantity.grouped(state.unchanged)) unchanged, "
                + "\(Quantity.grouped(state.rejected)) rejected"
                + (notes.losses > 0 ? ", \(Quantity.grouped(notes.losses)) incomplete" : "")
        }
    }

    var json: JSON {
        state.withLock { state in
            .object([
                ("created", .integer(state.created)), ("updated", .integer(state.updated)),
                ("unchanged", .integer(state.unchanged)), ("rejected", .integer(state.rejected)),
                ("incomplete", .integer(notes.losses)), ("notes", .integer(notes.count)),
                ("seconds", .number(Quantity.fixed(state.progress.elapsed, 3))),
                ("interrupted", .bool(Signals.isInterrupted)),
            ])
        }
    }
}
