// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage

/// When a group goes to disk, and with which writes.
@Suite struct WriteQueueTests {
    private let queue = WriteQueue(writes: 100, bytes: 1 << 20)

    private static func change() -> PendingWrite { PendingWrite(StorageWrite(delete: .generate()), { _ in }) }

    private func add(_ count: Int) throws {
        for _ in 0..<count { try queue.add(Self.change()) }
    }

    @Test func aGroupOfMostWritersGoesAtOnce() throws {
        try add(5)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 5)
        #expect(queue.more(1 << 20, for: 5, isLarge: false) == nil)
    }

    /// A writer whose write is on disk, but not answered yet, has nothing to add, but takes up room.
    @Test func syncedWritesDoNotDelayAGroup() throws {
        let queue = WriteQueue(writes: 10, bytes: 1 << 20, maxWait: 60_000_000_000)
        for _ in 0..<9 { try queue.add(Self.change()) }
        let changes = try #require(queue.take(1 << 20, idle: nil).taken)
        let group = WriteGroup(changes, [], in: nil)
        group.isSyncedByCommitter = true
        queue.markSynced(group)
        try queue.add(Self.change())
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 1)
        let hasGone = Semaphore()
        let committer = try Thread("goes") {
            #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil)
            hasGone.signal()
        }
        #expect(hasGone.wait(nanoseconds: 30_000_000_000))
        queue.nudge()
        committer.join()
        #expect(throws: ServiceError.self) { try queue.add(Self.change()) }
        queue.release(group)
        for _ in 0..<9 { try queue.add(Self.change()) }
    }

    @Test func pendingWritesJoinTheGroup() throws {
        try add(2)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 2)
        try add(3)
        #expect(queue.more(1 << 20, for: 2, isLarge: false)?.count == 3)
        #expect(queue.more(1 << 20, for: 5, isLarge: false) == nil)
    }

    @Test func aBusyDiskGathersWrites() throws {
        try add(1)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 1)
        queue.syncStarted()
        try add(8)
        #expect(queue.more(1 << 20, for: 1, isLarge: false)?.count == 8)
        try add(7)
        queue.syncFinished(1)
        // These are more than half of all: they do not wait for the others.
        #expect(queue.more(1 << 20, for: 9, isLarge: false) == nil)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 7)
    }

    @Test func aLargeThirdOfAllFollowsAGroupThatIsAtTheDisk() throws {
        try add(9)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 9)
        queue.syncStarted()
        #expect(queue.more(1 << 20, for: 3, isLarge: true) == nil)
        // A full group has nothing to wait for.
        #expect(queue.more(0, for: 1, isLarge: true) == nil)
        // A group with room takes what has arrived.
        try add(8)
        #expect(queue.more(1 << 20, for: 3, isLarge: true)?.count == 8)
    }

    /// Small groups go one at a time, large ones two at a time.
    @Test(arguments: [false, true]) func aGroupWaitsForTheDisk(isLarge: Bool) throws {
        try add(9)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 9)
        for _ in 0..<(isLarge ? 2 : 1) { queue.syncStarted() }
        let isFree = Atomic(false)
        let goes = {
            #expect(queue.more(1 << 20, for: 9, isLarge: isLarge) == nil)
            let wasFree = isFree.load(ordering: .sequentiallyConsistent)
            #expect(wasFree)
        }
        try waits(
            goes,
            until: {
                isFree.store(true, ordering: .sequentiallyConsistent)
                self.queue.syncFinished(1)
            })
    }

    /// Runs `body`, and a little later, on a thread of its own, what ends its wait.
    private func waits(_ body: () -> Void, until end: @escaping @Sendable () -> Void) throws {
        let ending = try Thread("ending") {
            usleep(100_000)
            end()
        }
        body()
        ending.join()
    }

    /// Nine of ten are being answered. If none of them comes back, the tenth goes alone.
    @Test func aSmallGroupDoesNotWaitForEver() throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 10)
        #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil)
    }

    @Test func aSmallGroupWaitsForCompany() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20, maxWait: 60_000_000_000)
        for _ in 0..<10 { try queue.add(Self.change()) }
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 10)
        try waits(
            { #expect(queue.more(1 << 20, for: 1, isLarge: false)?.isEmpty == false) },
            until: { for _ in 0..<4 { try? queue.add(Self.change()) } })
    }

    @Test func aQueueThatClosesEndsTheWait() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20, maxWait: 60_000_000_000)
        for _ in 0..<10 { try queue.add(Self.change()) }
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 10)
        try waits({ #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil) }, until: { queue.close() })
        #expect(queue.take(1 << 20, idle: nil).taken?.isEmpty == true)
    }

    @Test func aNudgeEndsAWaitWithoutChanges() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20)
        let isDone = Semaphore()
        let waiting = try Thread("waits") {
            if queue.take(1 << 20, idle: nil).isNudge { isDone.signal() }
        }
        queue.nudge()
        isDone.wait()
        waiting.join()
        // A nudge before the wait counts too, once.
        queue.nudge()
        #expect(queue.take(1 << 20, idle: nil).isNudge)
        #expect(queue.take(1 << 20, idle: 1).isIdle)
        queue.close()
        #expect(queue.take(1 << 20, idle: nil).taken?.isEmpty == true)
    }

    /// A reader waits for the group too, so it goes however busy the disk is.
    @Test func aNudgeSendsAGroupToTheDisk() throws {
        try add(9)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 9)
        for _ in 0..<2 { queue.syncStarted() }
        try waits({ #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil) }, until: { self.queue.nudge() })
        try add(8)
        #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil)
        #expect(queue.take(1 << 20, idle: nil).isNudge)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 8)
    }

    @Test func aQueueThatIsClosedKeepsNobodyWaiting() throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil).taken?.count == 10)
        queue.close()
        #expect(queue.more(1 << 20, for: 1, isLarge: false) == nil)
        #expect(queue.take(1 << 20, idle: nil).taken?.isEmpty == true)
    }
}

extension WriteQueue.Taken {
    fileprivate var taken: [PendingWrite]? { if case .writes(let changes) = self { changes } else { nil } }
    fileprivate var isNudge: Bool { if case .nudge = self { true } else { false } }
    fileprivate var isIdle: Bool { if case .idle = self { true } else { false } }
}
