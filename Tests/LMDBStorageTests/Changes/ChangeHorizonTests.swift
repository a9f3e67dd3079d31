// SPDX-License-Identifier: Apache-2.0
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A reader sees what is both in the tables and on disk.
@Suite struct ChangeHorizonTests {
    private let horizon = ChangeHorizon()

    private func limit(after position: UInt64, _ committed: UInt64) -> [UInt64] {
        let limit = horizon.limit(after: position, committed: committed)
        return [limit.end, limit.seen]
    }

    @Test func bothAreNeeded() {
        horizon.begin(at: 10)
        #expect(limit(after: 0, 10) == [10, 10])
        horizon.add(last: 12, displaced: [])
        horizon.noteCommit(12)
        #expect(limit(after: 0, 12) == [10, 10])
        horizon.noteDurable(12)
        #expect(limit(after: 0, 12) == [12, 12])
        // On disk first. The reader's snapshot is older.
        horizon.add(last: 15, displaced: [])
        horizon.noteDurable(15)
        #expect(limit(after: 0, 12) == [12, 12])
        horizon.noteCommit(15)
        #expect(limit(after: 0, 15) == [15, 15])
    }

    /// The place of change 4 is taken by a change that a power failure may undo.
    @Test func aReaderDoesNotPassADisplacedChange() {
        horizon.begin(at: 10)
        horizon.add(last: 12, displaced: [7, 4])
        // Its snapshot still has them.
        #expect(limit(after: 0, 10) == [10, 10])
        #expect(limit(after: 0, 12) == [3, 10])
        #expect(limit(after: 3, 12) == [3, 10])
        #expect(limit(after: 4, 12) == [6, 10])
        #expect(limit(after: 7, 12) == [10, 10])
        horizon.add(last: 13, displaced: [12, 2])
        #expect(limit(after: 0, 13) == [1, 10])
        horizon.withdraw()
        #expect(limit(after: 0, 13) == [3, 10])
        horizon.noteDurable(12)
        #expect(limit(after: 0, 13) == [12, 12])
    }

    @Test func watchersAreToldOfWhatIsNew() {
        let calls = Counter()
        horizon.begin(at: 10)
        horizon.noteCommit(11)
        let watch = horizon.watch { calls.add() }
        #expect(horizon.isWatched)
        horizon.noteCommit(12)
        #expect(calls.count == 0)
        horizon.noteDurable(11)
        #expect(calls.count == 1)
        horizon.noteDurable(11)
        horizon.noteCommit(12)
        #expect(calls.count == 1)
        horizon.noteDurable(14)
        #expect(calls.count == 2)
        horizon.noteCommit(14)
        #expect(calls.count == 3)
        withExtendedLifetime(watch) {}
    }

    @Test func aWatchThatEndedIsNotTold() {
        let calls = Counter()
        do {
            let watch = horizon.watch { calls.add() }
            withExtendedLifetime(watch) {}
        }
        #expect(!horizon.isWatched)
        horizon.noteDurable(1)
        horizon.noteCommit(1)
        #expect(calls.count == 0)
    }

    /// When the end returns, the notification is over.
    @Test func theEndWaitsForANotification() async {
        for _ in 0..<200 {
            let horizon = ChangeHorizon()
            let (begun, ended) = (Counter(), Counter())
            var watch: ChangeWatch? = horizon.watch {
                begun.add()
                for _ in 0..<200 { _ = begun.count }
                ended.add()
            }
            horizon.noteCommit(.max)
            let telling = Task.detached { for number in 1...20 { horizon.noteDurable(UInt64(number)) } }
            _ = watch
            watch = nil
            let calls = begun.count
            #expect(ended.count == calls)
            await telling.value
            #expect(begun.count == calls)
        }
    }

    @Test func aViewIsEncoded() {
        let session = LogSession(high: 0x0123_4567_89ab_cdef, low: 5)
        for (begun, seen) in [(0, 0), (1, 2), (1 << 40, 1 << 47), ((1 << 48) - 1, (1 << 48) - 1)] as [(UInt64, UInt64)]
        {
            let view = ReaderView(session, begun: begun, seen: seen)
            #expect(ReaderView(view.epoch) == view)
            #expect(view.isOf(session) && !view.isOf(LogSession(high: 1, low: 5)))
        }
        // Out of reach, but not a trap.
        #expect(ReaderView(ReaderView(session, begun: .max, seen: .max).epoch).seen == (1 << 48) - 1)
    }
}
