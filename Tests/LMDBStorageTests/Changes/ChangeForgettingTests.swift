// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Deletions are kept for a while, so that readers learn of them.
@Suite(.timeLimit(.minutes(3))) struct ChangeForgettingTests {
    private let store = FollowedStore()

    private func forgetful(_ count: Int) -> EngineLimits {
        var limits = ModelRun.plain
        limits.deletions.count = count
        return limits
    }

    @Test func deletionsAreForgotten() async throws {
        let storage = try store.open(nil, forgetful(4))
        defer { storage.stop() }
        await store.fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        var near = mirror
        for (number, id) in store.ids.prefix(10).enumerated() {
            _ = await storage.delete(id)
            if number == 7 { try await near.catchUp(storage) }
        }
        _ = await storage.put(.id(store.ids[11]), "later")
        var new = ChangeMirror()
        try await new.catchUp(storage)
        #expect(new.changes.filter { $0.kind == .delete }.count == 4)
        // One that was away too long is told so.
        let position = try #require(mirror.position)
        let error = #expect(throws: ServiceError.self) {
            _ = try storage.lend(ChangeQuery(.after(position))) { _ in true }
        }
        #expect(error?.code == .outOfRange && error?.message.contains("keepDeletions") == true)
        try near.verify(storage, "not away too long")
        try await mirror.catchUp(storage)
        #expect(mirror.restarts == 1)
        #expect(try await storage.verified().damaged == 0)
    }

    /// A reader that began after a deletion does not need it, however slow it is.
    @Test func aReaderThatBeganLaterNeedsNoOldDeletions() async throws {
        let storage = try store.open(nil, forgetful(2))
        defer { storage.stop() }
        await store.fill(storage)
        for id in store.ids.suffix(5) { _ = await storage.delete(id) }
        _ = await storage.put(.id(.generate()), "x")
        storage.commitPending()
        var slow = ChangeMirror()
        while !(try slow.isEqual(lending: storage)) {
            try slow.follow(lending: storage, limit: 1, pages: 1)
            try #require(slow.restarts == 0)
        }
        // But it needs those from when it had begun.
        slow = ChangeMirror()
        try slow.follow(lending: storage, limit: 2, pages: 1)
        for id in store.ids.prefix(5) { _ = await storage.delete(id) }
        _ = await storage.put(.id(.generate()), "y")
        try await slow.catchUp(storage)
        #expect(slow.restarts == 1)
    }

    /// Whoever sees that the article is there again need not know that it was gone.
    @Test func aDeletionOfAnArticleThatIsThereAgainMayBeForgotten() async throws {
        let storage = try store.open(nil, forgetful(1))
        defer { storage.stop() }
        await store.fill(storage)
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        _ = await storage.delete(store.ids[0])
        _ = await storage.put(.id(store.ids[0]), "again")
        storage.commitPending()
        // This is one too many.
        _ = await storage.delete(store.ids[1])
        try await mirror.catchUp(storage)
        #expect(mirror.restarts == 0)
        // So is this, and the article of the one before is gone.
        let before = mirror.position
        _ = await storage.delete(store.ids[2])
        _ = await storage.delete(store.ids[3])
        storage.commitPending()
        #expect(try store.refusal(before, storage) == .outOfRange)
    }

    @Test func theTimeOfADeletion() {
        let retention = DeletionRetention(time: 1000, count: 5)
        func isOver(_ deletedAt: Int64, _ now: Int64) -> Bool {
            retention.isOver(Deletion(revision: 1, deletedAt: deletedAt), at: now)
        }
        #expect(!isOver(5000, 5000) && !isOver(5000, 6000) && isOver(5000, 6001))
        // The clock was set back, a little or a lot.
        #expect(!isOver(5000, 4500) && isOver(5000, 3000))
        #expect(isOver(.min, .max) && isOver(.max, .min) && isOver(.min, 0))
    }

    @Test func theTimeIsASetting() throws {
        func read(_ json: String) throws -> Int64 {
            try EngineLimits.read(PluginConfiguration(json: Array(json.utf8))).0.deletions.time
        }
        #expect(try read("{}") == 604_800_000)
        #expect(try read("{\"keepDeletions\": \"12 h\"}") == 43_200_000)
        for wrong in ["off", "", "7", "0 s"] {
            let error = #expect(throws: ServiceError.self) { try read("{\"keepDeletions\": \"\(wrong)\"}") }
            #expect(error?.message.contains("keepDeletions") == true)
        }
    }
}
