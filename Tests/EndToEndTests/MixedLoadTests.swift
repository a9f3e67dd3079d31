// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Glibc
import Testing

/// Every method beside every other, on many connections, with cancels, deadlines and reloads in between: nothing of it may end
/// the service, get an answer that makes no sense, or leave store and list at odds.
@Suite struct MixedLoadTests {
    private static let seconds = unsafe getenv("ARTICLED_MIX_SECONDS").flatMap { unsafe Int(String(cString: $0)) } ?? 15

    @Test(.timeLimit(.minutes(60))) func everyMethodBesideEveryOther() async throws {
        let service = try Service(plugins: ["Store", "Fetch", "Classify", "Search", "LMDBStorage"])
        let process = service.processIdentifier
        let load = MixedLoad(socketPath: service.socketPath)
        var known = MixedLoad.Known()
        await withTaskGroup(of: MixedLoad.Known?.self) { group in
            for _ in 0..<4 { group.addTask { await Self.write(load) } }
            for _ in 0..<2 { group.addTask { await Self.writeMany(load) } }
            for _ in 0..<4 { group.addTask { await Self.read(load) } }
            for _ in 0..<2 { group.addTask { await Self.listManyAtOnce(load) } }
            for _ in 0..<2 { group.addTask { await Self.readSlowly(load) } }
            for _ in 0..<2 { group.addTask { await Self.ask(load) } }
            for _ in 0..<2 { group.addTask { await Self.cancel(load) } }
            group.addTask { await Self.hurry(load) }
            group.addTask { await Self.classify(load) }
            group.addTask { await Self.search(load) }
            group.addTask { await Self.leave(load) }
            group.addTask {
                var isSlow = false
                while !load.isOver {
                    isSlow.toggle()
                    try? service.reload("{slowRequest: \"\(isSlow ? 1 : 60)s\", logLevel: \"warning\"}")
                    try? await Task.sleep(for: .milliseconds(250))
                }
                return nil
            }
            group.addTask {
                for _ in 0..<Self.seconds * 10 where !load.isOver && service.isRunning {
                    try? await Task.sleep(for: .milliseconds(100))
                }
                load.end()
                return nil
            }
            for await each in group {
                guard let each else { continue }
                known.stored.merge(each.stored) { $1 }
                known.deleted.formUnion(each.deleted)
                known.doubtful.formUnion(each.doubtful)
            }
        }
        print("mixed load: \(load.summary)")
        try #require(service.isRunning && service.processIdentifier == process, "\(service.told.suffix(2000))")
        #expect(load.faults.isEmpty, "\(load.faults.prefix(10))")
        for call in [
            "put", "putMany", "delete", "get", "getMany", "list", "list slowly", "stats", "metrics", "write-back",
            "search", "suggest",
            "related",
        ] {
            #expect(load.count(call) > 0, "\(call)")
        }
        try await Self.compare(known, load.client())
        try await Self.compareSearch(load.client())
    }

    /// What is listed, fetched and counted is what was acknowledged.
    private static func compare(_ known: MixedLoad.Known, _ client: ArticleClient) async throws {
        var listed: [ArticleID: String] = [:]
        var last: (time: Int64, id: ArticleID)?
        for try await item in client.list(view: .full) {
            let id = try #require(item.article.id)
            #expect(listed.updateValue(item.article.title, forKey: id) == nil, "\(id) is listed twice")
            let place = (time: item.article.createdAt, id: id)
            if let last { #expect((place.time, place.id) < (last.time, last.id), "\(id) is out of order") }
            last = place
        }
        for (id, title) in known.stored where !known.doubtful.contains(id) {
            #expect(listed[id] == title, "\(id)")
        }
        let strange = listed.keys.filter { known.stored[$0] == nil && !known.doubtful.contains($0) }
        #expect(strange.isEmpty, "\(strange.count) are listed that were deleted, or never stored")
        #expect(try await client.stats().storage?.records == UInt64(listed.count))
        let all = Array(known.stored.keys) + Array(known.deleted) + Array(known.doubtful)
        for start in stride(from: 0, to: all.count, by: 5000) {
            let ids = all[start..<min(start + 5000, all.count)]
            var rest = ids
            for try await result in client.getMany(ids.map { ArticleKey(id: $0) }) {
                let id = rest.removeFirst()
                switch result {
                case .success(let article): #expect(listed[id] == article.title, "\(id)")
                case .failure(let error): #expect(error.status == .notFound && listed[id] == nil, "\(id): \(error)")
                }
            }
            #expect(rest.isEmpty)
        }
        await client.close()
    }

    /// The index has what is stored.
    private static func compareSearch(_ client: ArticleClient) async throws {
        var listed: Set<ArticleID> = []
        for try await item in client.list() { listed.insert(try #require(item.article.id)) }
        while true {
            let result = try await client.search("", limit: 1)
            if !result.incomplete, result.total == UInt64(listed.count) { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        var request = SearchRequest(order: .newest, limit: 100)
        var found: Set<ArticleID> = []
        repeat {
            let page = try await client.search(request)
            for hit in page.hits { #expect(found.insert(try #require(hit.id)).inserted) }
            request.cursor = page.cursor
        } while !request.cursor.isEmpty
        #expect(found == listed)
        await client.close()
    }

    private static func article(_ id: ArticleID, _ title: String) -> Article {
        Article(
            id: id, source: "Mic.gov.vn", title: title,
            body: String(repeating: "Đẩy mạnh ứng dụng công nghệ thông tin. ", count: .random(in: 0...200)),
            language: "vi", topics: Bool.random() ? [Topic(slug: "cong-nghe", score: 0.5)] : [])
    }
}

// MARK: Writers

extension MixedLoadTests {
    /// Puts new articles, changes and deletes its own.
    private static func write(_ load: MixedLoad) async -> MixedLoad.Known {
        let client = load.client()
        var known = MixedLoad.Known()
        var number = 0
        while !load.isOver {
            number += 1
            switch Int.random(in: 0..<10) {
            case 0:
                guard let id = known.stored.keys.randomElement() else { continue }
                let error = await load.attempt("delete") { _ = try await client.delete(id: id) }
                known.stored[id] = nil
                if error == nil { known.deleted.insert(id) } else { known.doubtful.insert(id) }
            case 1...3:
                guard let id = known.stored.keys.randomElement() else { continue }
                let title = "changed \(number)"
                let error = await load.attempt("put") { _ = try await client.put(article(id, title)) }
                if error == nil { known.stored[id] = title } else { known.doubtful.insert(id) }
            default:
                let id = ArticleID.generate()
                let title = "new \(number)"
                let error = await load.attempt("put") {
                    _ = try await client.put(article(id, title), expectedRevision: 0)
                }
                if error == nil { known.stored[id] = title } else { known.doubtful.insert(id) }
                load.note(id)
            }
        }
        await client.close()
        return known
    }

    /// Stores a hundred at a time; now and then it leaves in the middle.
    private static func writeMany(_ load: MixedLoad) async -> MixedLoad.Known {
        let client = load.client()
        var known = MixedLoad.Known()
        while !load.isOver {
            let articles = (0..<100).map { article(ArticleID.generate(), "many \($0)") }
            let leavesAfter = Int.random(in: 0..<4) == 0 ? Int.random(in: 0..<100) : 100
            var answered: Set<Int> = []
            await load.attempt("putMany") {
                let stream = AsyncStream { continuation in
                    for article in articles { continuation.yield(article) }
                    continuation.finish()
                }
                answered = try await client.put(contentsOf: stream) { outcomes in
                    var answered: Set<Int> = []
                    for try await outcome in outcomes {
                        _ = try outcome.result.get()
                        answered.insert(Int(outcome.index))
                        if answered.count > leavesAfter { break }
                    }
                    return answered
                }
            }
            for (index, article) in articles.enumerated() {
                guard let id = article.id else { continue }
                if answered.contains(index) { known.stored[id] = article.title } else { known.doubtful.insert(id) }
                load.note(id)
            }
        }
        await client.close()
        return known
    }

    /// Puts and lists whose deadline passes now and then.
    private static func hurry(_ load: MixedLoad) async -> MixedLoad.Known {
        let client = load.client()
        var known = MixedLoad.Known()
        while !load.isOver {
            let policy = CallPolicy(deadline: .microseconds(.random(in: 100...50_000)))
            let id = ArticleID.generate()
            known.doubtful.insert(id)
            await load.attempt("put in haste", allowing: [.deadlineExceeded]) {
                _ = try await client.put(article(id, "in haste"), policy: policy)
            }
            await load.attempt("list in haste", allowing: [.deadlineExceeded]) {
                for try await _ in client.list(view: .full, policy: policy) {}
            }
        }
        await client.close()
        return known
    }

    /// Calls whose task is cancelled at any moment.
    private static func cancel(_ load: MixedLoad) async -> MixedLoad.Known {
        let client = load.client()
        var known = MixedLoad.Known()
        while !load.isOver {
            let id = ArticleID.generate()
            known.doubtful.insert(id)
            let keys = load.recent(100).map { ArticleKey(id: $0) }
            let kind = Int.random(in: 0..<3)
            let task = Task {
                await load.attempt("cancelled", allowing: [.cancelled]) {
                    switch kind {
                    case 0: _ = try await client.put(article(id, "cancelled"))
                    case 1: for try await _ in client.list(view: .full) {}
                    default: for try await _ in client.getMany(keys) {}
                    }
                }
            }
            try? await Task.sleep(for: .microseconds(.random(in: 0...20_000)))
            task.cancel()
            _ = await task.value
        }
        await client.close()
        return known
    }
}

// MARK: Readers

extension MixedLoadTests {
    private static func read(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client()
        while !load.isOver {
            for id in load.recent(10) {
                await load.attempt("get", allowing: [.notFound]) { _ = try await client.get(id: id) }
            }
            let keys = load.recent(50).map { ArticleKey(id: $0) }
            await load.attempt("getMany") {
                var count = 0
                for try await result in client.getMany(keys) {
                    count += 1
                    if case .failure(let error) = result, error.status != .notFound { throw error }
                }
                #expect(count == keys.count)
            }
            await load.attempt("list") {
                var count = 0
                for try await _ in client.list(limit: 50) { count += 1 }
                #expect(count <= 50)
            }
        }
        await client.close()
        return nil
    }

    /// The newest article, by fifty calls at once on one connection.
    private static func listManyAtOnce(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await load.repeat("list one") { for try await _ in client.list(limit: 1) {} }
                }
            }
        }
        await client.close()
        return nil
    }

    /// Lists that wait for credit after nearly every article.
    private static func readSlowly(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client(window: 1)
        await load.repeat("list slowly") {
            for try await _ in client.list(limit: 100, view: .full) { await Task.yield() }
        }
        await client.close()
        return nil
    }

    /// What the service says of itself.
    private static func ask(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client()
        while !load.isOver {
            await load.attempt("stats") { _ = try await client.stats() }
            await load.attempt("health") {
                let state = try await client.health().state
                #expect(state == .healthy)
            }
            await load.attempt("describe") { _ = try await client.describe() }
            await load.attempt("ping") { _ = try await client.ping([1]) }
            await load.attempt("metrics") {
                let text = try await client.metrics()
                #expect(text.hasSuffix("# EOF\n"))
            }
            await load.attempt("topics") { _ = try await client.topics() }
        }
        await client.close()
        return nil
    }

    private static func classify(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client()
        while !load.isOver {
            let text = String(repeating: "Thị trường chứng khoán tăng điểm. ", count: .random(in: 1...400))
            await load.attempt("classify", allowing: [.resourceExhausted]) { _ = try await client.classify(text: text) }
            guard let id = load.recent(1).first else { continue }
            await load.attempt("write-back", allowing: [.notFound, .conflict, .resourceExhausted]) {
                _ = try await client.classify(ArticleKey(id: id), writeBack: true)
            }
        }
        await client.close()
        return nil
    }

    /// Searches of all kinds, page after page.
    private static func search(_ load: MixedLoad) async -> MixedLoad.Known? {
        let client = load.client()
        let queries = [
            "", "day manh", "đẩy mạnh ứng dụng", "\"công nghệ thông\" -changed", "new* OR many", "thông tinn",
        ]
        while !load.isOver {
            await load.attempt("search", allowing: [.resourceExhausted]) {
                var request = SearchRequest(query: queries.randomElement() ?? "", limit: 20, facets: Bool.random())
                request.articles = Bool.random()
                for _ in 0..<3 {
                    let page = try await client.search(request)
                    #expect(page.hits.count <= 20)
                    request.cursor = page.cursor
                    if page.cursor.isEmpty { break }
                }
            }
            await load.attempt("suggest", allowing: [.resourceExhausted]) {
                _ = try await client.suggestions(for: "chan")
            }
            guard let id = load.recent(1).first else { continue }
            await load.attempt("related", allowing: [.notFound, .resourceExhausted]) {
                _ = try await client.related(to: ArticleKey(id: id), limit: 5)
            }
        }
        await client.close()
        return nil
    }

    /// Connections that come, ask for much, and go without a word.
    private static func leave(_ load: MixedLoad) async -> MixedLoad.Known? {
        while !load.isOver {
            await load.attempt("leave") {
                let connection = try RawConnection(load.socketPath)
                let hello = try connection.greet()
                let list = try hello.number("fetch.list")
                for stream in 1...UInt32.random(in: 1...20) {
                    connection.send(Frames.request(list, ListRequest(), stream: stream))
                }
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }
}
