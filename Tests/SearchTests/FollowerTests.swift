// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import IndexFollowing
import Testing

@testable import SearchHandler

/// The index follows the real storage.
@Suite("Follower") struct FollowerTests {
    @Test("what is stored, changed and deleted is found, or no longer", .timeLimit(.minutes(2)))
    func following() async throws {
        let newsroom = try Newsroom()
        let first = try await newsroom.put(Article(url: "https://a.vn/1", title: "Lũ lụt", body: "miền Trung"))
        let second = try await newsroom.put(Article(url: "https://a.vn/2", title: "Bão", body: "miền Bắc"))
        try await newsroom.wait(for: [first, second], "miền")
        try await newsroom.put(Article(url: "https://a.vn/1", title: "Nắng", body: "miền Nam"))
        try await newsroom.wait(for: [first], "nắng")
        #expect(try newsroom.find("lũ").isEmpty)
        await newsroom.delete(second)
        try await newsroom.wait(for: [first], "miền")
        #expect(newsroom.follower.isComplete && newsroom.follower.problem == nil)
        #expect(newsroom.follower.status.articles == 1)
    }

    @Test("a restart goes on where the index was committed", .timeLimit(.minutes(2)))
    func restarts() async throws {
        let newsroom = try Newsroom()
        let first = try await newsroom.put(Article(title: "Một tin"))
        try await newsroom.waitUntilCommitted()
        var second: ArticleID?
        try newsroom.restart()
        second = try await newsroom.put(Article(title: "Hai tin"))
        try await newsroom.wait(for: [first, try #require(second)], "tin")
        #expect(newsroom.follower.rebuilds == 0)
        // A change may be visible before its batch is counted.
        try await newsroom.waitUntilCommitted()
        #expect(newsroom.follower.indexedChanges == 1)
    }

    @Test(
        "an index that is missing, damaged or of another history is made anew", .timeLimit(.minutes(2)),
        arguments: ["missing", "flipped", "cut", "history"])
    func rebuilds(fault: String) async throws {
        let newsroom = try Newsroom()
        var ids: Set<ArticleID> = []
        for number in 0..<30 { ids.insert(try await newsroom.put(Article(title: "Tin \(number)", body: "lũ lụt"))) }
        try await newsroom.wait(for: ids, "lũ")
        try await newsroom.waitUntilCommitted()
        newsroom.follower.stop()
        try await newsroom.waitUntilClosed()
        try newsroom.restart {
            let files = try FileManager.default.contentsOfDirectory(atPath: newsroom.indexDirectory)
            switch fault {
            case "missing": try FileManager.default.removeItem(atPath: newsroom.indexDirectory)
            case "history":
                let index = try LuceneIndex(directory: newsroom.directory.appending(path: "index").path)
                try index.delete(try #require(ids.first))
                try index.commit(
                    CommittedState(
                        position: ChangePosition(epoch: .init(high: 7, low: 7), sequence: 3), isComplete: true))
                index.close()
            default:
                let file = URL(
                    filePath: newsroom.indexDirectory + "/" + (try #require(files.first { $0.hasSuffix(".cfs") })))
                var contents = try Data(contentsOf: file)
                if fault == "cut" { contents.removeLast() } else { contents[0] ^= 1 }
                try contents.write(to: file)
            }
        }
        try await newsroom.wait(for: ids, "lũ")
        #expect(newsroom.follower.isComplete)
        if fault != "missing" { #expect(newsroom.follower.rebuilds == 1) }
    }

    @Test("an error that a query meets opens the index again", .timeLimit(.minutes(2)))
    func damageMetByQuery() async throws {
        let newsroom = try Newsroom()
        let first = try await newsroom.put(Article(title: "Một tin"))
        try await newsroom.wait(for: [first], "tin")
        newsroom.follower.restart(after: IndexError(kind: .damaged, message: "it was damaged by a test"))
        while newsroom.follower.rebuilds == 0 { try await Task.sleep(for: .milliseconds(20)) }
        try await newsroom.wait(for: [first], "tin")
        while newsroom.follower.problem != nil { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test("snapshots of earlier pages are kept, and not too many")
    func keptSnapshots() throws {
        let index = try TestIndex()
        let snapshots = Snapshots()
        var numbers: [UInt64] = []
        for number in 1...10 {
            try index.add(UInt64(number), "tin")
            snapshots.set(try index.refresh())
            let current = try #require(snapshots.current)
            numbers.append(current.number)
            snapshots.keep(current)
        }
        let found = numbers.compactMap { snapshots.find($0)?.snapshot.articles }
        #expect(found.last == 10)
        #expect(found.count >= 4 && found.count <= 6)
        snapshots.removeAll()
        #expect(snapshots.current == nil && numbers.allSatisfy { snapshots.find($0) == nil })
    }
}
