// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

extension StorageConformance {
    static func listOrder(_ storage: any ArticleStorage) async throws {
        var expected: [(time: Int64, id: ArticleID)] = []
        for time in [5, -3, 5, 0, .max, .min + 1, 5, 1_700_000_000_000] as [Int64] {
            let id = ArticleID.generate()
            _ = await storage.put(.id(id), "x", time: time)
            expected.append((time, id))
        }
        expected.sort { ($0.time, $0.id) > ($1.time, $1.id) }
        #expect(try await storage.listed().map(\.id) == expected.map(\.id))
    }

    static func listBounds(_ storage: any ArticleStorage) async throws {
        var ids: [ArticleID] = []
        for time in 0..<40 as Range<Int64> {
            let id = ArticleID.generate()
            ids.append(id)
            _ = await storage.put(.id(id), "x", time: time / 2, terms: ["t"])
        }
        for terms in [[], ["t"]] {
            #expect(try await storage.listed(terms, from: 5, until: 8).map(\.time) == [7, 7, 6, 6, 5, 5])
            #expect(try await storage.listed(terms, from: 19).count == 2)
            #expect(try await storage.listed(terms, until: 1).count == 2)
            #expect(try await storage.listed(terms, from: 8, until: 5).isEmpty)
            #expect(try await storage.listed(terms, until: .min).isEmpty)
            #expect(try await storage.listed(terms, limit: 0).isEmpty)
            #expect(try await storage.listed(terms, limit: 3).map(\.id) == ids.suffix(3).reversed())
            // Pages of every size add up to the whole.
            for size in 1...7 {
                var seen: [ArticleID] = []
                var after: StorageQuery.Position?
                while true {
                    let page = try await storage.listed(terms, after: after, limit: size)
                    seen += page.map(\.id)
                    guard page.count == size, let last = page.last else { break }
                    after = StorageQuery.Position(time: last.time, id: last.id)
                }
                #expect(seen == ids.reversed())
            }
            // Also at a position without a record.
            let place = StorageQuery.Position(time: 10, id: ArticleID(high: 0, low: 0))
            #expect(try await storage.listed(terms, after: place, limit: 1).first?.time == 9)
        }
    }

    static func listTerms(_ storage: any ArticleStorage) async throws {
        var expected: [[String]: [ArticleID]] = [:]
        for number in 0..<120 {
            let id = ArticleID.generate()
            let terms =
                (number % 2 == 0 ? ["two"] : []) + (number % 3 == 0 ? ["three"] : []) + (number == 60 ? ["rare"] : [])
            _ = await storage.put(.id(id), "x", time: Int64(number * 7 % 50), terms: terms)
            for query in [["two"], ["three"], ["two", "three"], ["rare"], ["two", "three", "rare"]]
            where query.allSatisfy(terms.contains) { expected[query, default: []].append(id) }
        }
        for (query, ids) in expected {
            let found = try await storage.listed(query)
            #expect(Set(found.map(\.id)) == Set(ids) && found.count == ids.count)
            #expect(zip(found, found.dropFirst()).allSatisfy { ($0.time, $0.id) > ($1.time, $1.id) })
        }
        #expect(try await storage.listed(["none"]).isEmpty)
        #expect(try await storage.listed(["two", "none"]).isEmpty)
        #expect(try await storage.listed(["three", "two"]).map(\.id) == storage.listed(["two", "three"]).map(\.id))
    }

    static func listFollowsUpdates(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        _ = await storage.put(.id(id), "x", time: 10, terms: ["a", "b"])
        _ = await storage.put(.id(id), "y", time: 20, terms: ["b", "c"])
        #expect(try await storage.listed(["a"]).isEmpty)
        #expect(try await storage.listed(["b"]).map(\.time) == [20])
        #expect(try await storage.listed(["c"]).map(\.id) == [id])
        #expect(try await storage.listed().map(\.time) == [20])
        let created = try #require(try await storage.current(id)).createdAt
        _ = await storage.put(.id(id), "y", terms: ["c"])
        #expect(try await storage.listed(["c"]).map(\.time) == [created])
        _ = await storage.delete(id)
        for terms in [[], ["a"], ["b"], ["c"]] { #expect(try await storage.listed(terms).isEmpty) }
    }

    static func pagesSurviveChanges(_ storage: any ArticleStorage) async throws {
        var ids: [ArticleID] = []
        for time in 0..<10 as Range<Int64> {
            let id = ArticleID.generate()
            ids.append(id)
            _ = await storage.put(.id(id), "x", time: time, terms: ["t"])
        }
        let page = try await storage.listed(["t"], limit: 4)
        let last = try #require(page.last)
        _ = await storage.delete(last.id)
        _ = await storage.put(.id(.generate()), "newer", time: 100, terms: ["t"])
        let rest = try await storage.listed(["t"], after: StorageQuery.Position(time: last.time, id: last.id))
        #expect(rest.map(\.id) == ids.prefix(6).reversed())
    }

    static func nestedReads(_ storage: any ArticleStorage) async throws {
        let ids = (0..<5).map { _ in ArticleID.generate() }
        for id in ids { _ = await storage.put(.id(id), "content of \(id)", key: "\(id)") }
        var seen = 0
        // An engine that waits lends copies, one at a time.
        guard try storage.lend(id: ids[0], { _ in }) == .found else { return }
        let lent = try storage.lend(StorageQuery()) { outer in
            let outerID = outer.id
            for id in ids {
                let copy = try? storage.copy(id)
                #expect(copy?.content == Array("content of \(id)".utf8))
                #expect((try? storage.copy(key: "\(id)"))?.id == id)
            }
            #expect(outer.contentBytes == Array("content of \(outerID)".utf8))
            seen += 1
            return true
        }
        #expect(seen == 5 && lent == .found)
    }

    static func statistics(_ storage: any ArticleStorage) async throws {
        let before = try storage.statistics()
        #expect(before.records == 0)
        var ids: [ArticleID] = []
        for number in 0..<100 {
            ids.append(.generate())
            _ = await storage.put(.id(ids[number]), content: [UInt8](repeating: 1, count: 3000))
        }
        let full = try storage.statistics()
        #expect(full.records == 100 && full.usedBytes >= 300_000 && full.fileBytes >= full.usedBytes)
        #expect(full.writes == before.writes + 100 && full.transactions > before.transactions)
        for id in ids { _ = await storage.delete(id) }
        let empty = try storage.statistics()
        #expect(empty.records == 0 && empty.usedBytes < full.usedBytes)
    }

    static func manyWriters(_ storage: any ArticleStorage) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask { () async throws in
                    for number in 0..<40 {
                        let key = "\(writer)/\(number)"
                        let result = await storage.put(.key(new: .generate()), key, key: key, terms: ["w:\(writer)"])
                        #expect(result.outcome.isCreated)
                        // An acknowledged write is visible.
                        #expect(try await storage.current(key: key)?.content == Array(key.utf8))
                        #expect(try await storage.listed(["w:\(writer)"]).count == number + 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await storage.listed().count == 320)
    }
}
