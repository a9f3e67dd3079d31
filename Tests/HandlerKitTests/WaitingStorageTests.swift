// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization
import Testing

@testable import HandlerKit

/// An engine that has to wait for every read: the handlers, as shipped, work with it as with any other.
@Suite struct WaitingStorageTests {
    private let loop = ManualLoop()
    private let store: TestPlugin
    private let fetch: TestPlugin
    private let desk: Desk

    init() throws {
        let name = "\(ArticleID.generate())"
        let storage = try unsafe TestPlugin(exportEngine(LateEngine.self), configuration: #"{"desk": "\#(name)"}"#)
        desk = Desk.named(name)
        store = try TestPlugin(library: "Store", storage: storage)
        fetch = try TestPlugin(library: "Fetch", storage: storage)
    }

    private func begin(_ plugin: TestPlugin, _ method: String, _ bytes: [UInt8]) -> TestRequest {
        let request = TestRequest(loop, bytes)
        plugin.handle(method, request)
        return request
    }

    private func put(_ title: String) async throws -> ArticleID {
        let request = begin(store, "store.put", PutRequest(article: Article(title: title)).encoded())
        defer { request.close() }
        #expect(await loop.turn { !request.ends.isEmpty })
        guard case .response(let bytes, _)? = request.ends.first else { throw ServiceError(.internal, "no answer") }
        return try #require(try PutResult(decoding: bytes).id)
    }

    private func title(_ end: TestRequest.End?) throws -> String {
        guard case .response(let bytes, _)? = end else { return "\(String(describing: end))" }
        return try Article(decoding: bytes).title
    }

    /// The second request is answered first.
    @Test func answersComeInTheOrderInWhichTheEngineHasThem() async throws {
        let (a, b) = (try await put("a"), try await put("b"))
        let first = begin(fetch, "fetch.get", GetRequest(id: a).encoded())
        let second = begin(fetch, "fetch.get", GetRequest(id: b).encoded())
        defer {
            first.close()
            second.close()
        }
        await desk.waiting(2)
        #expect(first.ends.isEmpty && second.ends.isEmpty)
        desk.answer(1)
        #expect(await loop.turn { !second.ends.isEmpty })
        #expect(first.ends.isEmpty)
        #expect(try title(second.ends.first) == "b")
        desk.answer(0)
        #expect(await loop.turn { !first.ends.isEmpty })
        #expect(try title(first.ends.first) == "a")
        #expect(first.violations == [] && second.violations == [])
    }

    /// Each plugin counts by itself: if all began with 1, one that gives up a read would end that of another.
    @Test func tokensOfPluginsDiffer() {
        #expect(PendingRead(.none).token >= 1 << 32)
    }

    @Test func aMissingArticleAndAnError() async throws {
        let missing = begin(fetch, "fetch.get", GetRequest(id: .generate()).encoded())
        let failing = begin(fetch, "fetch.get", GetRequest(url: "https://a.vn").encoded())
        defer {
            missing.close()
            failing.close()
        }
        await desk.waiting(2)
        desk.answer(0)
        desk.answer(1, failing: ServiceError(.unavailable, "the database is gone"))
        #expect(await loop.turn { !missing.ends.isEmpty && !failing.ends.isEmpty })
        guard case .failed(let code, _)? = missing.ends.first else {
            Issue.record("\(missing.ends)")
            return
        }
        #expect(code == StatusCode.notFound.rawValue)
        #expect(failing.ends == [.failed(StatusCode.unavailable.rawValue, "the database is gone")])
    }

    /// The engine never answers; the client's deadline passes. Others are served meanwhile.
    @Test func anEngineThatNeverAnswersCostsOnlyItsOwnRequest() async throws {
        let id = try await put("a")
        let stuck = begin(fetch, "fetch.get", GetRequest(id: id).encoded())
        defer { stuck.close() }
        await desk.waiting(1)
        stuck.cancel(ARTICLED_DEADLINE_EXCEEDED)
        #expect(await loop.turn { !stuck.ends.isEmpty })
        #expect(stuck.ends.count == 1)
        let other = begin(fetch, "fetch.get", GetRequest(id: id).encoded())
        defer { other.close() }
        await desk.waiting(2)
        desk.answer(1)
        #expect(await loop.turn { !other.ends.isEmpty })
        #expect(try title(other.ends.first) == "a")
        // Late, and nobody waits.
        desk.answer(0)
        loop.turn()
        #expect(stuck.ends.count == 1 && stuck.violations == [])
    }

    @Test func manyAndLists() async throws {
        var ids: [ArticleID] = []
        for number in 0..<150 { ids.append(try await put("\(number)")) }
        desk.answersAtOnce()
        let keys = ids.prefix(80).map { ArticleKey(id: $0) } + [ArticleKey(id: .generate())]
        let many = begin(fetch, "fetch.getMany", GetManyRequest(keys: keys).encoded())
        let list = begin(fetch, "fetch.list", ListRequest().encoded())
        defer {
            many.close()
            list.close()
        }
        #expect(await loop.turn { !many.ends.isEmpty && !list.ends.isEmpty })
        #expect(many.ends == [.finished] && list.ends == [.finished])
        let items = try many.sent.map { try GetManyItem(decoding: $0) }
        #expect(items.map(\.index) == Array(0..<81))
        #expect(items.prefix(80).map { $0.article?.title } == (0..<80).map { "\($0)" })
        #expect(items[80].status?.code == StatusCode.notFound.rawValue)
        let listed = try list.sent.map { try ListItem(decoding: $0).article?.id }
        #expect(listed.count == 150 && Set(listed) == Set(ids))
    }
}

/// The reads that an engine has in hand, answered when the test says so.
final class Desk: Sendable {
    private struct State {
        var isOpen = false
        var gates: [CheckedContinuation<ServiceError?, Never>?] = []
        var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private static let all = Mutex<[String: Desk]>([:])
    private let state = Mutex(State())

    static func named(_ name: String) -> Desk {
        all.withLock { all in
            let desk = all[name] ?? Desk()
            all[name] = desk
            return desk
        }
    }

    /// Called by the engine: waits until this read may be answered.
    func pass() async throws(ServiceError) {
        let error: ServiceError? = await withCheckedContinuation { continuation in
            let (isOpen, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                if state.isOpen { return (true, nil) }
                state.gates.append(continuation)
                guard let waiting = state.waiting, state.gates.count >= waiting.count else { return (false, nil) }
                state.waiting = nil
                return (false, waiting.continuation)
            }
            if isOpen { continuation.resume(returning: nil) }
            waiting?.resume()
        }
        if let error { throw error }
    }

    /// Returns when this many reads have come, including answered ones.
    func waiting(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.gates.count < count { state.waiting = (count, continuation) }
                return state.gates.count >= count
            }
            if isThere { continuation.resume() }
        }
    }

    func answer(_ index: Int, failing error: ServiceError? = nil) {
        let gate = state.withLock { state in
            defer { state.gates[index] = nil }
            return state.gates[index]
        }
        gate?.resume(returning: error)
    }

    /// No read waits from now on.
    func answersAtOnce() { state.withLock { $0.isOpen = true } }
}

/// An engine in memory that has to wait for every read.
final class LateEngine: StorageEngine {
    static let descriptor = PluginDescriptor(name: "late", version: "1")
    private let memory: MemoryEngine
    private let desk: Desk

    struct Settings: Decodable {
        var desk: String
    }

    init(context: PluginContext) throws {
        memory = try MemoryEngine(context: PluginContext())
        desk = Desk.named(try context.configuration.decode(Settings.self).desk)
    }

    func fetch(id: ArticleID) async throws(ServiceError) -> RecordCopy? {
        try await desk.pass()
        return try await memory.fetch(id: id)
    }

    func fetch(key: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        try await desk.pass()
        return try await memory.fetch(key: key)
    }

    func fetch(_ query: StorageQuery) async throws(ServiceError) -> RecordPage {
        try await desk.pass()
        return try await memory.fetch(query)
    }

    func fetch(_ query: ChangeQuery) async throws(ServiceError) -> ChangePage {
        try await desk.pass()
        return try await memory.fetch(query)
    }

    func watchChanges(_ notify: @escaping @Sendable () -> Void) -> ChangeWatch? { memory.watchChanges(notify) }

    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        memory.write(write, completion: completion)
    }

    func statistics() throws(ServiceError) -> StorageStatistics { try memory.statistics() }
}
