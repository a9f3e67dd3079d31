import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage

/// When a group goes to disk, and what with.
@Suite struct WriteQueueTests {
    private let queue = WriteQueue(writes: 100, bytes: 1 << 20)

    private func add(_ count: Int) throws {
        for _ in 0..<count {
            try queue.add(PendingWrite(StorageWrite(delete: .generate()), { _ in }))
        }
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

    /// Nine of ten were told of their changes just now. If none of them comes back, the tenth goes alone.
    @Test func aSmallGroupDoesNotWaitForEver() async throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        #expect(queue.more(1 << 20, for: 1) == nil)
        // Whoever waits next waits for a change, and for nothing that is left of the wait before.
        #expect(queue.take(1 << 20, idle: 1_000_000) == nil)
    }

    @Test func aSmallGroupTakesWhoComesMeanwhile() async throws {
        // The wait is short: a machine that is busy may miss it, but not each time.
        for _ in 0..<1000 {
            let queue = WriteQueue(writes: 100, bytes: 1 << 20)
            for _ in 0..<10 { try queue.add(PendingWrite(StorageWrite(delete: .generate()), { _ in })) }
            #expect(queue.take(1 << 20, idle: nil)?.count == 10)
            let company = Task.detached {
                for _ in 0..<4 { try queue.add(PendingWrite(StorageWrite(delete: .generate()), { _ in })) }
            }
            let joined = queue.more(1 << 20, for: 1)
            try await company.value
            if joined != nil { return }
        }
        Issue.record("no group ever had company")
    }

    @Test func aQueueThatIsClosedKeepsNobodyWaiting() throws {
        try add(10)
        #expect(queue.take(1 << 20, idle: nil)?.count == 10)
        queue.close()
        #expect(queue.more(1 << 20, for: 1) == nil)
        #expect(queue.take(1 << 20, idle: nil)?.isEmpty == true)
    }
}
