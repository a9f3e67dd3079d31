// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Synchronization
import Testing

/// changes.watch, with an engine that lends at once and with one that must wait.
@Suite struct ChangesTests {
    private func article(_ title: String, topic: String = "", source: String = "", language: String = "") -> Article {
        Article(
            source: source, title: title, body: "Đoạn.", language: language,
            topics: topic.isEmpty ? [] : [Topic(slug: topic, score: 1)])
    }

    @Test(arguments: [false, true]) func everythingThenWhatChanges(waits: Bool) async throws {
        let desk = try ChangesDesk(waits: waits)
        var ids: [ArticleID?] = []
        for index in 0..<150 { ids.append(try await desk.put(article("\(index)")).id) }
        try await desk.delete(ids[3])
        var update = article("bảy")
        update.id = ids[7]
        try await desk.put(update)
        let watcher = desk.watch()
        let backlog = try await watcher.caughtUp()
        // The latest change of each, in order. What was deleted before is not mentioned.
        let expected = (0..<150).filter { $0 != 3 && $0 != 7 }.map { "stored \($0)" } + ["stored bảy", "caught up"]
        #expect(backlog.map(\.word) == expected)
        let numbers = backlog.dropLast().map(\.sequence)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(backlog.dropLast().allSatisfy { $0.id == $0.article?.id && $0.revision == $0.article?.revision })
        #expect(backlog.allSatisfy { !$0.cursor.isEmpty })

        try await desk.put(article("mới"))
        try await desk.delete(ids[7])
        let all = try await watcher.items(backlog.count + 2)
        #expect(all.suffix(2).map(\.word) == ["stored mới", "deleted"])
        #expect(all.last?.id == ids[7])
        #expect(all.last?.revision == 2)
        guard case .failed(1, _) = await watcher.end() else {
            Issue.record("\(watcher.request.ends)")
            return
        }
        #expect(await desk.loop.turn { desk.engine.watcherCount == 0 })
        watcher.request.close()
    }

    @Test(arguments: [false, true]) func aCursorContinues(waits: Bool) async throws {
        let desk = try ChangesDesk(waits: waits)
        var ids: [ArticleID?] = []
        for index in 0..<5 { ids.append(try await desk.put(article("\(index)")).id) }
        let first = desk.watch()
        let items = try await first.caughtUp()
        _ = await first.end()
        try await desk.delete(ids[1])
        try await desk.put(article("5"))
        for (place, expected) in [
            (1, ["stored 2", "stored 3", "stored 4", "deleted", "stored 5", "caught up"]),
            (5, ["deleted", "stored 5", "caught up"]),
        ] {
            let second = desk.watch(WatchRequest(cursor: items[place].cursor))
            #expect(try await second.caughtUp().map(\.word) == expected)
            _ = await second.end()
            second.request.close()
        }
        first.request.close()
    }

    @Test func fromNowOn() async throws {
        let desk = try ChangesDesk()
        let old = try await desk.put(article("cũ")).id
        let watcher = desk.watch(WatchRequest(start: .now))
        #expect(try await watcher.caughtUp().map(\.word) == ["caught up"])
        try await desk.put(article("mới"))
        try await desk.delete(old)
        #expect(try await watcher.items(3).map(\.word) == ["caught up", "stored mới", "deleted"])
        _ = await watcher.end()
        watcher.request.close()
    }

    @Test(arguments: [
        WatchRequest(topic: "kinh-doanh"), WatchRequest(source: "Báo Mới"), WatchRequest(language: "VI"),
        WatchRequest(topic: "kinh-doanh", source: "Báo Mới", language: "vi"),
    ])
    func filters(request: WatchRequest) async throws {
        let desk = try ChangesDesk()
        let match = article("trong", topic: "kinh-doanh", source: "Báo Mới", language: "Vi")
        let other = article("ngoài", topic: "the-thao", source: "Báo mới", language: "en")
        let inside = try await desk.put(match).id
        let outside = try await desk.put(other).id
        // Revision 2 of an article that the reader cannot have: it begins after this.
        var again = other
        again.id = outside
        again.body = "Đoạn khác."
        try await desk.put(again)
        let watcher = desk.watch(request)
        #expect(try await watcher.caughtUp().map(\.word) == ["stored trong", "caught up"])
        try await desk.put(other)  // new, and outside
        var moved = other
        moved.id = inside
        try await desk.put(moved)
        var joined = match
        joined.id = outside
        try await desk.put(joined)
        try await desk.delete(outside)
        let items = try await watcher.items(4)
        #expect(items.map(\.word).prefix(3) == ["stored trong", "caught up", "outside"])
        #expect(items[2].id == inside)
        #expect(items[2].revision == 2)
        #expect(items[2].article == nil)
        #expect(["stored trong", "deleted"].contains(items[3].word))
        #expect(try watcher.items.last?.id == outside)
        _ = await watcher.end()
        watcher.request.close()
    }

    /// It begins with revision 1 again, and a reader may have what was there before.
    @Test func anArticleThatWasStoredAgainUnderItsIdIsOutside() async throws {
        let desk = try ChangesDesk()
        var article = article("trong", topic: "kinh-doanh", source: "a", language: "vi")
        article.id = ArticleID(high: 0x7000, low: 0x8000_0000_0000_0001)  // of 1970
        let id = try await desk.put(article).id
        let watcher = desk.watch(WatchRequest(topic: "kinh-doanh"))
        #expect(try await watcher.caughtUp().map(\.word) == ["stored trong", "caught up"])
        try await desk.delete(id)
        article.topics = []
        #expect(try await desk.put(article).revision == 1)
        // The reader may have been too slow for the deletion.
        var items = try await watcher.items(3)
        if items[2].word == "deleted" { items = try await watcher.items(4) }
        #expect(items.last?.word == "outside" && items.last?.id == id && items.last?.revision == 1)
        _ = await watcher.end()
        watcher.request.close()
    }

    @Test func contents() async throws {
        let desk = try ChangesDesk()
        let id = try await desk.put(article("một")).id
        for (content, title, body) in [
            (WatchContent.full, "một", "Đoạn."), (.summary, "một", ""), (.none, nil, nil),
        ] as [(WatchContent, String?, String?)] {
            let watcher = desk.watch(WatchRequest(content: content))
            let item = try #require(try await watcher.caughtUp().first)
            #expect(item.article?.title == title)
            #expect(item.article?.body == body)
            #expect(item.id == id)
            #expect(item.revision == 1)
            #expect(item.storedAt > 0)
            _ = await watcher.end()
            watcher.request.close()
        }
    }

    @Test(arguments: [WatchRequest(), WatchRequest(content: .summary), WatchRequest(topic: "kinh-doanh")])
    func damagedArticlesDoNotEndTheStream(request: WatchRequest) async throws {
        let desk = try ChangesDesk()
        var ids: [ArticleID?] = []
        for index in 0..<3 { ids.append(try await desk.put(article("\(index)", topic: "kinh-doanh")).id) }
        let damaged = try #require(ids[1])
        MemoryEngine.damaged.withLock { _ = $0.insert(damaged) }
        let watcher = desk.watch(request)
        let items = try await watcher.caughtUp()
        #expect(items.map(\.word) == ["stored 0", "stored status 15", "stored 2", "caught up"])
        #expect(items[1].id == damaged)
        _ = await watcher.end()
        watcher.request.close()
    }

    @Test func anArticleThatIsTooLargeForTheClientIsNamed() async throws {
        let desk = try ChangesDesk()
        let id = try await desk.put(Article(title: "lớn", body: String(repeating: "ầ", count: 5000))).id
        try await desk.put(article("nhỏ"))
        let request = TestRequest(desk.loop, WatchRequest().encoded())
        request.maxBytes = 4096
        let watcher = Watcher(request, desk.changes)
        let items = try await watcher.caughtUp()
        #expect(items.map(\.word) == ["stored status 8", "stored nhỏ", "caught up"])
        #expect(items[0].id == id)
        _ = await watcher.end()
        request.close()
    }

    /// A reader without credit gets nothing, loses nothing, and costs nothing. Each grant lets one item through.
    @Test(arguments: [false, true]) func aSlowReader(waits: Bool) async throws {
        let desk = try ChangesDesk(waits: waits)
        for index in 0..<10 { try await desk.put(article("\(index)")) }
        let watcher = desk.watch(WatchRequest(heartbeatMs: 100), credit: 1)
        let request = watcher.request
        for count in 1...11 {
            #expect(try await watcher.items(count).count == count)
            if count == 5 { for index in 10..<13 { try await desk.put(article("\(index)")) } }
            request.grant(1 - request.credit)
        }
        let expected = (0..<13).map { "stored \($0)" }
        #expect(try await watcher.items(11).prefix(11).map(\.word) == Array(expected.prefix(11)))
        request.grant(1_000_000)
        #expect(try await watcher.caughtUp().map(\.word).filter { $0 != "caught up" } == expected)
        _ = await watcher.end()
        request.close()
    }

    /// A filtered reader advances, although nothing concerns it.
    @Test func heartbeatsCarryTheCursor() async throws {
        let desk = try ChangesDesk()
        let request = WatchRequest(topic: "kinh-doanh", heartbeatMs: 1)  // brought to 100 ms
        let watcher = desk.watch(request)
        let before = try #require(try await watcher.caughtUp().last?.cursor)
        try await desk.put(article("ngoài"))
        #expect(await desk.loop.turn { (try? watcher.items.last?.cursor) != before })
        let moved = try #require(try watcher.items.last?.cursor)
        #expect(try watcher.items.allSatisfy(\.caughtUp))
        _ = await watcher.end()
        // Nobody asks for what the heartbeat has passed.
        desk.engine.forgetDeletions()
        for (cursor, isKnown) in [(moved, true), (before, false)] {
            let next = desk.watch(WatchRequest(cursor: cursor, topic: "kinh-doanh"))
            let items = try await next.caughtUp()
            #expect(items.map(\.word) == (isKnown ? ["caught up"] : []))
            if !isKnown { #expect(await next.end() == .failed(11, "the position is not known")) }
            _ = await next.end()
            next.request.close()
        }
        watcher.request.close()
    }

    @Test func damagedAndForeignCursorsAreRefused() async throws {
        let desk = try ChangesDesk()
        let watcher = desk.watch(WatchRequest(topic: "kinh-doanh"))
        let cursor = try #require(try await watcher.caughtUp().last?.cursor)
        _ = await watcher.end()
        watcher.request.close()
        var requests = [
            WatchRequest(cursor: [1]), WatchRequest(cursor: cursor + [0], topic: "kinh-doanh"),
            WatchRequest(cursor: cursor), WatchRequest(cursor: cursor, topic: "kinh-doanh", language: "vi"),
            WatchRequest(cursor: cursor, source: "kinh-doanh"),
        ]
        for index in cursor.indices {
            var damaged = cursor
            damaged[index] ^= 1
            requests.append(WatchRequest(cursor: damaged, topic: "kinh-doanh"))
        }
        for request in requests {
            let watcher = desk.watch(request)
            guard case .failed(3, _) = await watcher.end() else {
                Issue.record("\(request): \(watcher.request.ends)")
                continue
            }
            watcher.request.close()
        }
    }

    @Test func theNumberOfWatchersIsBounded() async throws {
        let desk = try ChangesDesk(settings: #"{"maxWatchers":2}"#)
        let watchers = [desk.watch(), desk.watch()]
        for watcher in watchers { _ = try await watcher.caughtUp() }
        let third = desk.watch()
        guard case .failed(8, let message) = await third.end() else {
            Issue.record("\(third.request.ends)")
            return
        }
        #expect(message.contains("maxWatchers"))
        _ = await watchers[0].end()
        let fourth = desk.watch()
        #expect(try await fourth.caughtUp().map(\.word) == ["caught up"])
        for watcher in watchers + [third, fourth] {
            _ = await watcher.end()
            watcher.request.close()
        }
    }

    /// A stop ends all streams at once: those that wait for changes, and those that wait for credit.
    @Test func aStopEndsAllStreams() async throws {
        let desk = try ChangesDesk()
        for index in 0..<3 { try await desk.put(article("\(index)")) }
        let idle = desk.watch()
        _ = try await idle.caughtUp()
        let blocked = desk.watch(credit: 1)
        _ = try await blocked.items(1)
        desk.loop.turn()
        unsafe desk.changes.descriptor.pointee.drain(desk.changes.instance)
        let late = desk.watch()
        for watcher in [idle, blocked, late] {
            #expect(await desk.loop.turn { !watcher.request.ends.isEmpty })
            #expect(
                watcher.request.ends == [.failed(14, "the service is stopping: connect again and send the last cursor")]
            )
            #expect(watcher.request.violations == [])
            watcher.request.close()
        }
    }

    @Test func settingsAreChecked() {
        for (settings, part) in [
            (#"{"maxWatchers":0}"#, "maxWatchers: 0; 1 to 100000"), (#"{"watchers":1}"#, "watchers: unknown member"),
        ] {
            #expect {
                _ = try ChangesDesk(settings: settings)
            } throws: {
                "\($0)".contains(part)
            }
        }
    }

    @Test func manyIdleWatchersAllHearOfAChange() async throws {
        let desk = try ChangesDesk()
        let watchers = (0..<300).map { _ in desk.watch(WatchRequest(start: .now, heartbeatMs: 600_000)) }
        for watcher in watchers { _ = try await watcher.caughtUp() }
        try await desk.put(article("một"))
        for watcher in watchers {
            #expect(try await watcher.items(2).map(\.word) == ["caught up", "stored một"])
        }
        for watcher in watchers {
            _ = await watcher.end()
            watcher.request.close()
        }
        #expect(await desk.loop.turn { desk.engine.watcherCount == 0 })
    }
}
