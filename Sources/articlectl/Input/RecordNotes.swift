// SPDX-License-Identifier: Apache-2.0
import JSONTree
import Synchronization

/// Tells the notes about records on standard error: the first of each kind as they come, the others as a count at the end. An
/// archive of 100,000 articles may have the same odd field in each.
final class RecordNotes: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        /// In the order of their first occurrence.
        var kinds: [(kind: String, message: String)] = []
        var losses = 0
    }

    /// How many of a kind are told one by one.
    private static let told = 3

    private let state = Mutex(State())
    private let asJSON: Bool

    init(asJSON: Bool) { self.asJSON = asJSON }

    /// - Returns: whether something of the record is not stored.
    @discardableResult
    func tell(_ notes: [RecordNote], at origin: Origin) -> Bool {
        for note in notes {
            let count = state.withLock { state in
                let count = state.counts[note.kind, default: 0] + 1
                state.counts[note.kind] = count
                if count == 1 { state.kinds.append((note.kind, note.message)) }
                return count
            }
            if count <= Self.told { write("\(origin): \(note.message)") }
        }
        let isLoss = notes.contains(where: \.isLoss)
        if isLoss { state.withLock { $0.losses += 1 } }
        return isLoss
    }

    /// Tells how many there were of each kind of which not all were told.
    func end() {
        let (kinds, counts) = state.withLock { ($0.kinds, $0.counts) }
        for (kind, message) in kinds {
            let more = (counts[kind] ?? 0) - Self.told
            if more > 0 { write("\(Quantity.count(more, "more record")) like this: \(message)") }
        }
    }

    /// How many records are stored without a part of what they had.
    var losses: Int { state.withLock { $0.losses } }

    /// How many notes there are.
    var count: Int { state.withLock { $0.counts.values.reduce(0, +) } }

    private func write(_ text: String) {
        if asJSON { return Complaint.write(JSON.object([("note", .object([("message", .string(text))]))]).text + "\n") }
        Complaint.line("note: " + text)
    }
}
