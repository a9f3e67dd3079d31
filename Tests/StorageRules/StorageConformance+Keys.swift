// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

extension StorageConformance {
    static func formerKey(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        _ = await storage.put(.id(id), "one", key: "K", terms: ["a"])
        // By key: the record gets the new form.
        let put = await storage.put(.key(new: .generate()), "two, which is longer", key: "k", former: "K", terms: ["a"])
        #expect(put.outcome.isUpdated && put.id == id && put.revision == 2)
        #expect(try await storage.current(key: "K") == nil)
        #expect(try await storage.current(key: "k")?.content == Array("two, which is longer".utf8))
        // It stays what it is, whichever form is given.
        #expect(
            await storage.put(.key(new: .generate()), "two, which is longer", key: "k", former: "KK", terms: ["a"])
                .outcome
                .isUnchanged)
        // By id, with nothing else changed.
        let other = ArticleID.generate()
        _ = await storage.put(.id(other), "three", key: "LLL")
        #expect(await storage.put(.id(other), "three", expected: 1, key: "l", former: "LLL").revision == 2)
        #expect(try await storage.current(key: "l")?.id == other)
        // A key that is new in both forms.
        let third = ArticleID.generate()
        #expect(await storage.put(.key(new: third), "four", key: "m", former: "MMM").id == third)
        #expect(try await storage.current(key: "MMM") == nil)
        #expect(try await storage.current(key: "m")?.id == third)
        // The former key of one, the id of another.
        _ = await storage.put(.id(third), "four", key: "N")
        let refused = await storage.put(.id(other), "five", key: "n", former: "N")
        #expect(refused.refusal == .alreadyExists && refused.id == third)
        // Deleted by either.
        #expect(await storage.delete(key: "n", former: "N").id == third)
        #expect(await storage.delete(key: "l", former: "LLL").id == other)
        #expect(await storage.delete(key: "l", former: "LLL").refusal == .notFound)
    }

    /// Two records were stored when the two forms of a key were two keys.
    static func formerKeyOfAnother(_ storage: any ArticleStorage) async throws {
        let (old, new) = (ArticleID.generate(), ArticleID.generate())
        let long = String(repeating: "K", count: 3000)
        _ = await storage.put(.id(old), "old", key: long, terms: ["a"])
        _ = await storage.put(.id(new), "new", key: "k")
        // The new form stays the other's, and each is found by its own.
        let put = await storage.put(.key(new: .generate()), "older", key: "k", former: long, terms: ["a"])
        #expect(put.outcome.isUpdated && put.id == old)
        #expect(try await storage.current(key: long)?.content == Array("older".utf8))
        #expect(try await storage.current(key: "k")?.content == Array("new".utf8))
        #expect(try await storage.listed(["a"]).map(\.id) == [old])
        #expect(await storage.put(.id(old), "older", key: "k", former: long, terms: ["a"]).outcome.isUnchanged)
        #expect(await storage.put(.id(old), "oldest", expected: 2, key: "k", former: long).revision == 3)
        #expect(await storage.put(.id(new), "newer", key: "k", former: long).refusal == .alreadyExists)
        #expect(await storage.put(.key(new: .generate()), "newer", key: "k").id == new)
        #expect(await storage.delete(key: "k", former: long).id == old)
        #expect(await storage.delete(key: "k", former: long).id == new)
    }

    static func createdAt(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        let created = await storage.put(.id(id), "x", createdAt: 5)
        #expect(created.outcome.isCreated && created.createdAt == 5 && created.storedAt > 1_500_000_000_000)
        var copy = try #require(try await storage.current(id))
        #expect(copy.createdAt == 5 && copy.time == 5 && copy.storedAt == created.storedAt)
        #expect(await storage.put(.id(id), "x", createdAt: 5).outcome.isUnchanged)
        #expect(await storage.put(.id(id), "x").outcome.isUnchanged)
        #expect(await storage.put(.id(id), "y").createdAt == 5)
        let moved = await storage.put(.id(id), "y", createdAt: -7)
        #expect(moved.outcome.isUpdated && moved.revision == 3 && moved.createdAt == -7)
        copy = try #require(try await storage.current(id))
        #expect(copy.createdAt == -7 && copy.time == -7)
        // The list has it in its new place, and in no other.
        #expect(try await storage.listed(until: 0).map(\.id) == [id])
        #expect(try await storage.listed(from: 0).isEmpty)
        #expect(await storage.put(.id(id), "y", time: 9, createdAt: 3).revision == 4)
        copy = try #require(try await storage.current(id))
        #expect(copy.createdAt == 3 && copy.time == 9)
    }
}
