import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import LMDBStorage

/// When a group goes to disk, and what with.
@Suite struct WriteQueueTests {
    private let queue = WriteQueue(writes: 100, bytes: 1 << 20)

    private static func change() -> PendingWrite { PendingWrite(StorageWrite(delete: .generate()), { _ in }) }

    private func add(_ count: Int) throws {
        for _ in 0..<count { try queue.add(Self.change()) }
    }

    @Test func aGroupOfMostWritersGoesAtOnce() throws {
        try add(5)
        #expect(queue.take(1 << 20, idle: nil)?.count == 5)
        #expect(queue.more(1 << 20, for: 5) == nil)
    }

    @Test func whatWaitsComesWithIt() throws {
        try add(2)
        #expect(queue.take(1 << 20, idle: nil)?.count == 2)
        try add(3)
        #expect(queue.more(1 << 20, for: 2)?.count == 3)
        #expect(queue.more(1 << 20, for: 5) == nil)
    }

    @Test func aBusyDiskGathersAHandful() throws {
        try add(1)
        #expect(queue.take(1 << 20, idle: nil)?.count == 1)
        queue.diskIsBusy()
        try add(8)
        #expect(queue.more(1 << 20, for: 1)?.count == 8)
        try add(7)
        queue.diskIsFree()
        // These are more than half of all: the others do not hold them up.
        #expect(queue.more(1 << 20, for: 9) == nil)
        #expect(queue.take(1 << 20, idle: nil)?.count == 7)
    }

    /// Nine of ten are being told of their changes. If none of them comes back, the tenth goes alone.
    @Test func aSmallGroupDoesNotWaitForEver() throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        #expect(queue.more(1 << 20, for: 1) == nil)
    }

    // In the next two, whoever waits has a thread of the test's; what ends the wait comes from a thread of its own.
    @Test func aSmallGroupWaitsForCompany() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20, patience: 60_000_000_000)
        for _ in 0..<10 { try queue.add(Self.change()) }
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        let company = try WriterThread("company") {
            usleep(100_000)
            for _ in 0..<4 { try? queue.add(Self.change()) }
        }
        #expect(queue.more(1 << 20, for: 1)?.isEmpty == false)
        company.join()
    }

    @Test func aQueueThatClosesEndsTheWait() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20, patience: 60_000_000_000)
        for _ in 0..<10 { try queue.add(Self.change()) }
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        let closing = try WriterThread("closing") {
            usleep(100_000)
            queue.close()
        }
        #expect(queue.more(1 << 20, for: 1) == nil)
        closing.join()
        #expect(queue.take(1 << 20, idle: nil)?.isEmpty == true)
    }

    @Test func aNudgeEndsAWaitWithoutChanges() throws {
        let queue = WriteQueue(writes: 100, bytes: 1 << 20)
        let isDone = WakeUp()
        let waiting = try WriterThread("waits") {
            if queue.take(1 << 20, idle: nil) == nil { isDone.signal() }
        }
        queue.nudge()
        isDone.wait()
        waiting.join()
        // One that comes before the wait does so too, and once.
        queue.nudge()
        #expect(queue.take(1 << 20, idle: nil) == nil)
        #expect(queue.take(1 << 20, idle: 1) == nil)
        queue.close()
        #expect(queue.take(1 << 20, idle: nil)?.isEmpty == true)
    }

    @Test func aQueueThatIsClosedKeepsNobodyWaiting() throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        queue.close()
        #expect(queue.more(1 << 20, for: 1) == nil)
        #expect(queue.take(1 << 20, idle: nil)?.isEmpty == true)
    }
}
