// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Glibc
import Synchronization
import Testing

/// kill -9 of the service under bulk puts, at any moment: what was acknowledged is there, whole.
@Suite struct KillTests {
    private static let writers = 64

    /// What the service has acknowledged.
    private final class Acknowledged: Sendable {
        private let numbers = Mutex<[ArticleID: Int]>([:])
        private let isComplete = Atomic(false)

        /// Adds an article, and tells how many there are.
        func add(_ id: ArticleID, _ number: Int) -> Int {
            numbers.withLock { numbers in
                numbers[id] = number
                return numbers.count
            }
        }

        var count: Int { numbers.withLock { $0.count } }
        var all: [(id: ArticleID, number: Int)] {
            numbers.withLock { $0.map { ($0.key, $0.value) } }.sorted { $0.1 < $1.1 }
        }
        /// Whether the writers may stop.
        var isOver: Bool { isComplete.load(ordering: .relaxed) }
        func end() { isComplete.store(true, ordering: .relaxed) }
    }

    @Test(.timeLimit(.minutes(20))) func acknowledgedArticlesOutliveTheService() async throws {
        let rounds = unsafe getenv("ARTICLED_CRASH_ROUNDS").flatMap { unsafe Int(String(cString: $0)) } ?? 8
        let service = try Service()
        let client = ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
        let acknowledged = Acknowledged()
        let (counts, progress) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask {
                    var number = writer
                    while !acknowledged.isOver {
                        let id = ArticleID.generate()
                        // Each article is put once: the next one does not bring back one that was lost.
                        _ = try await client.put(Self.article(number, id))
                        progress.yield(acknowledged.add(id, number))
                        number += Self.writers
                    }
                }
            }
            group.addTask {
                defer { acknowledged.end() }
                var left = rounds
                var target = Int.random(in: 1...600)
                for await count in counts where count >= target {
                    try service.restart(after: SIGKILL)
                    left -= 1
                    if left == 0 { return }
                    target = acknowledged.count + .random(in: 1...600)
                }
            }
            try await group.waitForAll()
        }
        let expected = acknowledged.all
        #expect(expected.count >= rounds)
        for start in stride(from: 0, to: expected.count, by: 5000) {
            try await Self.verify(expected[start..<min(start + 5000, expected.count)], client)
        }
        #expect(try await client.stats().storage?.records == UInt64(expected.count))
        print("\(rounds) kills, \(expected.count) articles acknowledged, all there")
        await client.close()
    }

    /// Fetches the articles, which must be as they were put.
    private static func verify(_ expected: ArraySlice<(id: ArticleID, number: Int)>, _ client: ArticleClient)
        async throws
    {
        var rest = expected
        for try await result in client.getMany(expected.map { ArticleKey(id: $0.id) }) {
            let (id, number) = try #require(rest.first)
            rest = rest.dropFirst()
            var found = try result.get()
            let wanted = article(number, id)
            // What the service adds.
            (found.revision, found.createdAt, found.storedAt) = (0, 0, 0)
            (found.contentChecksum, found.contentSize) = (nil, 0)
            #expect(found == wanted)
            if !wanted.url.isEmpty { #expect(try await client.get(url: wanted.url).id == id) }
        }
        #expect(rest.isEmpty)
    }

    /// From a few bytes to several pages, half of them under a URL too.
    private static func article(_ number: Int, _ id: ArticleID) -> Article {
        Article(
            id: id, url: number.isMultiple(of: 2) ? "https://x/\(number)" : "", source: "Mic.gov.vn",
            title: "\(number)",
            body: String(repeating: "Tin tức \(number). ", count: number * 7919 % 400), language: "vi")
    }
}
