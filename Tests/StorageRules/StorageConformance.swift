// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

/// The rules that every storage engine keeps, whatever it is made of: each function takes an empty storage.
///
/// A test suite of another engine calls ``all`` in turn.
enum StorageConformance {
    typealias Rule = @Sendable (any ArticleStorage) async throws -> Void

    /// Every rule with its name.
    static let all: [(name: String, rule: Rule)] = [
        ("create, read, update, delete", lifecycle),
        ("bytes come back as they were", bytes),
        ("identity by key", identityByKey),
        ("a key has one owner", keyConflict),
        ("a key moves with its record", keyMoves),
        ("a former key identifies the record of the key", formerKey),
        ("two records that were apart stay apart", formerKeyOfAnother),
        ("when a record was created", createdAt),
        ("expected revisions", expectedRevisions),
        ("identical content is unchanged", unchanged),
        ("changes of one writer keep their order", order),
        ("one refused change harms no other", refusalsAreAlone),
        ("content that is not what its checksum says is refused", wrongChecksum),
        ("lists are ordered by time, then id", listOrder),
        ("lists have bounds and continue", listBounds),
        ("lists by several terms", listTerms),
        ("lists follow updates", listFollowsUpdates),
        ("lists survive changes between pages", pagesSurviveChanges),
        ("records may be read while one is lent", nestedReads),
        ("statistics count", statistics),
        ("many writers at once", manyWriters),
        ("as a model of dictionaries does", model),
    ]

    static func lifecycle(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        #expect(try await storage.current(id) == nil)
        let created = await storage.put(.id(id), "first", key: "k", time: 7)
        #expect(created.outcome.isCreated && created.id == id && created.revision == 1)
        #expect(created.createdAt > 1_500_000_000_000 && created.storedAt == created.createdAt)
        var copy = try #require(try await storage.current(id))
        #expect(copy.content == Array("first".utf8) && copy.key == Array("k".utf8) && copy.time == 7)
        #expect(copy.revision == 1 && copy.createdAt == created.createdAt && copy.storedAt == created.storedAt)

        let updated = await storage.put(.id(id), "second", key: "k")
        #expect(updated.outcome.isUpdated && updated.revision == 2 && updated.createdAt == created.createdAt)
        #expect(updated.storedAt >= created.storedAt)
        copy = try #require(try await storage.current(id))
        #expect(copy.content == Array("second".utf8) && copy.time == created.createdAt)

        let deleted = await storage.delete(id)
        #expect(deleted.outcome.isDeleted && deleted.id == id && deleted.revision == 2)
        #expect(try await storage.current(id) == nil)
        #expect(try await storage.current(key: "k") == nil)
        #expect(await storage.delete(id).refusal == .notFound)
    }

    static func bytes(_ storage: any ArticleStorage) async throws {
        for size in [0, 1, 100, 1900, 2000, 2038, 2100, 4024, 4096, 9000, 70_000, 1_000_000] {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            let key = Array("https://example.vn/bài-viết/\(size)".utf8)
            let id = ArticleID.generate()
            #expect(await storage.put(.id(id), content: content, key: key, terms: ["t:\(size)"]).outcome.isCreated)
            let copy = try #require(try await storage.current(id))
            #expect(copy.content == content && copy.key == key && copy.id == id)
            #expect(copy.contentChecksum == CRC32C.checksum(content))
            #expect(try await storage.current(key: key)?.content == content)
        }
        let longKey = [UInt8](repeating: 0x61, count: 8000)
        #expect(await storage.put(.key(new: .generate()), content: [1], key: longKey).outcome.isCreated)
        #expect(try await storage.current(key: longKey)?.content == [1])
        #expect(try await storage.current(key: longKey.dropLast() + [0]) == nil)
    }

    static func identityByKey(_ storage: any ArticleStorage) async throws {
        let (first, second) = (ArticleID.generate(), ArticleID.generate())
        #expect(await storage.put(.key(new: first), "one", key: "k").id == first)
        let again = await storage.put(.key(new: second), "two", key: "k")
        #expect(again.outcome.isUpdated && again.id == first && again.revision == 2)
        #expect(try await storage.current(second) == nil)
        #expect(try await storage.current(key: "k")?.id == first)
        #expect(await storage.put(.key(new: second), "three", key: "").refusal == .invalidArgument)
        #expect(await storage.put(.key(new: first), "four", key: "another").refusal == .alreadyExists)
        let deleted = await storage.delete(key: "k")
        #expect(deleted.outcome.isDeleted && deleted.id == first)
        #expect(await storage.delete(key: "k").refusal == .notFound)
        #expect(await storage.put(.key(new: second), "five", key: "k").id == second)
    }

    static func keyConflict(_ storage: any ArticleStorage) async throws {
        let (owner, other) = (ArticleID.generate(), ArticleID.generate())
        _ = await storage.put(.id(owner), "one", key: "k")
        let refused = await storage.put(.id(other), "two", key: "k")
        #expect(refused.refusal == .alreadyExists && refused.id == owner)
        #expect(try await storage.current(other) == nil)
        _ = await storage.put(.id(other), "two", key: "l")
        #expect(await storage.put(.id(other), "three", key: "k").refusal == .alreadyExists)
        #expect(try await storage.current(key: "l")?.content == Array("two".utf8))
    }

    static func keyMoves(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        _ = await storage.put(.id(id), "one", key: "old")
        #expect(await storage.put(.id(id), "one", key: "new").outcome.isUpdated)
        #expect(try await storage.current(key: "old") == nil)
        #expect(try await storage.current(key: "new")?.id == id)
        let other = ArticleID.generate()
        #expect(await storage.put(.id(other), "two", key: "old").outcome.isCreated)
        #expect(await storage.put(.id(id), "one", key: "").outcome.isUpdated)
        #expect(try await storage.current(key: "new") == nil)
        #expect(try await storage.current(id)?.key == [])
    }

    static func expectedRevisions(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        var refused = await storage.put(.id(id), "x", expected: 3)
        #expect(refused.refusal == .conflict && refused.revision == 0)
        #expect(await storage.put(.id(id), "x", expected: 0).outcome.isCreated)
        refused = await storage.put(.id(id), "y", expected: 0)
        #expect(refused.refusal == .conflict && refused.revision == 1)
        #expect(await storage.put(.id(id), "y", expected: 1).revision == 2)
        refused = await storage.put(.id(id), "z", expected: 1)
        #expect(refused.refusal == .conflict && refused.revision == 2)
        #expect(try await storage.current(id)?.content == Array("y".utf8))
        refused = await storage.delete(id, expected: 1)
        #expect(refused.refusal == .conflict && refused.revision == 2)
        #expect(await storage.delete(id, expected: 2).outcome.isDeleted)
    }

    static func unchanged(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        let first = await storage.put(.id(id), "x", key: "k", time: 5, terms: ["a", "b"])
        let same = await storage.put(.id(id), "x", key: "k", time: 5, terms: ["b", "a"])
        #expect(same.outcome.isUnchanged && same.revision == 1)
        #expect(same.createdAt == first.createdAt && same.storedAt == first.storedAt)
        #expect(
            await storage.put(.key(new: .generate()), "x", key: "k", time: 5, terms: ["a", "b"]).outcome.isUnchanged)
        #expect(await storage.put(.id(id), "x", key: "k", time: 6, terms: ["a", "b"]).revision == 2)
        #expect(await storage.put(.id(id), "x", key: "k", time: 6, terms: ["a", "c"]).revision == 3)
        #expect(await storage.put(.id(id), "x", key: "l", time: 6, terms: ["a", "c"]).revision == 4)
        #expect(await storage.put(.id(id), "x", key: "l", time: 6, terms: ["a"]).revision == 5)
        #expect(await storage.put(.id(id), "w", key: "l", time: 6, terms: ["a"]).revision == 6)
        #expect(await storage.put(.id(id), "w", expected: 5, key: "l", time: 6, terms: ["a"]).refusal == .conflict)
        let plain = ArticleID.generate()
        _ = await storage.put(.id(plain), "x")
        #expect(await storage.put(.id(plain), "x").outcome.isUnchanged)
    }

    static func order(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        let answers = Answers()
        for number in 0..<200 { answers.put(storage, .id(id), Array("\(number)".utf8), expected: UInt64(number)) }
        let results = await answers.all()
        #expect(results.allSatisfy { $0.outcome.isCreated || $0.outcome.isUpdated })
        let copy = try #require(try await storage.current(id))
        #expect(copy.revision == 200 && copy.content == Array("199".utf8))
    }

    static func wrongChecksum(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        let wrong = await storage.put(.id(id), content: [1, 2, 3], checksum: CRC32C.checksum([1, 2, 4]))
        #expect(wrong.refusal == .internal && wrong.id == id)
        #expect(try await storage.current(id) == nil)
        #expect(await storage.put(.id(id), content: [1, 2, 3]).outcome.isCreated)
        #expect(await storage.put(.id(id), content: [1, 2, 4], checksum: 0).refusal == .internal)
        #expect(try await storage.current(id)?.content == [1, 2, 3])
    }

    static func refusalsAreAlone(_ storage: any ArticleStorage) async throws {
        let taken = ArticleID.generate()
        _ = await storage.put(.id(taken), "x", key: "taken")
        let answers = Answers()
        for number in 0..<100 {
            let isBad = number % 3 == 0
            answers.put(storage, .id(.generate()), [1], key: Array((isBad ? "taken" : "k\(number)").utf8))
        }
        let results = await answers.all()
        for (number, result) in results.enumerated() {
            #expect(number % 3 == 0 ? result.refusal == .alreadyExists : result.outcome.isCreated)
        }
        #expect(try await storage.listed().count == 67)
    }
}
