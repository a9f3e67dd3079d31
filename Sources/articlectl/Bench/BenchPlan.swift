// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import Spelling

/// What is measured, and how.
struct BenchPlan: Sendable {
    enum Operation: String, CaseIterable, Sendable { case fetch, store, classify, ping }
    enum Peer: String, Sendable { case articled, redis }

    let operation: Operation
    let peer: Peer
    let connections: Int
    let pipeline: Int
    let seconds: Double
    let warmUp: Double
    let articles: Int
    let size: Int
    let values: String?
    let index: String?
    let verifies: Bool
    /// Measure the service that runs already, whose store others use.
    let isLive: Bool
    /// Leave there what was stored.
    let keeps: Bool
    /// The directory to make the scratch service's in.
    let scratch: String?

    init(_ arguments: Arguments) throws(CommandFailure) {
        let name = arguments.operands.first ?? ""
        guard let operation = Operation(rawValue: name) else {
            let meant = Suggestion.closest(to: name, among: Operation.allCases.map(\.rawValue))
            throw .usage(
                "articlectl bench cannot measure \"\(name)\"",
                hint: meant.map { "did you mean \($0)?" } ?? "it measures fetch, store, classify and ping")
        }
        self.operation = operation
        guard let peer = Peer(rawValue: arguments.value("peer") ?? "articled") else {
            throw .usage("--peer \(arguments.value("peer") ?? ""): articled or redis is expected")
        }
        self.peer = peer
        connections = try arguments.number("connections", in: 1...10_000) ?? 50
        pipeline = try arguments.number("pipeline", in: 1...1024) ?? 1
        seconds = try Double(arguments.number("seconds", in: 1...86_400) ?? 5)
        warmUp = 0.5
        articles = try arguments.number("articles", in: 1...10_000_000) ?? 100_000
        size = try arguments.number("size", in: 16...(8 << 20)) ?? 3000
        values = arguments.value("values")
        index = arguments.value("index")
        verifies = arguments.flag("verify")
        isLive = arguments.flag("live")
        keeps = arguments.flag("keep")
        scratch = arguments.value("scratch")
        let named = EndpointOption.given(arguments)
        guard isLive || named == nil else {
            throw .usage(
                "articlectl bench starts a service of its own to measure; \(named ?? "") is not used",
                hint: "--live measures the service there, and stores articles in it")
        }
        guard isLive || peer == .articled else {
            throw .usage("--peer \(peer.rawValue) needs --live, and --socket or --tcp to say where it is")
        }
        guard peer == .articled || named != nil else {
            throw .usage("--peer \(peer.rawValue) needs --socket or --tcp to say where it is")
        }
        guard isLive || !keeps else { throw .usage("--keep needs --live: a scratch service keeps nothing") }
        guard !isLive || scratch == nil else { throw .usage("--scratch and --live exclude each other") }
        guard (values == nil) == (index == nil) else { throw .usage("--values and --index belong together") }
        guard peer == .articled || operation == .fetch || operation == .store else {
            throw .usage("a Redis cannot \(operation.rawValue): only fetch and store can be compared")
        }
        guard values != nil || articles <= 4 << 30 / size else {
            throw .usage("--articles \(articles) --size \(size): that is more than 4 GiB of text to make up")
        }
    }

    /// The texts that the measurement needs.
    func bodies() throws(CommandFailure) -> Bodies {
        if let values, let index { return try Bodies(values: values, index: index, most: articles) }
        switch operation {
        case .fetch: return Bodies(count: articles, size: size)
        case .store, .classify: return Bodies(count: min(articles, peer == .redis ? articles : 2000), size: size)
        case .ping: return Bodies(count: 1, size: 16)
        }
    }

    static let options: [Option] = [
        .value("connections", short: "c", "C", "connections at once; default 50"),
        .value("pipeline", short: "p", "P", "requests under way on each; default 1"),
        .value("seconds", short: "s", "S", "how long to measure, after half a second of warming up; default 5"),
        .value("size", "N", "bytes of an article's body; default 3000"),
        .value("articles", "N", "how many articles to fetch among; default 100000"),
        .value("values", "FILE", "take the bodies from FILE, where they stand one behind the other"),
        .value("index", "FILE", "where each of them begins: 64-bit little-endian offsets, and the end"),
        .flag("verify", "check each answer's checksum; costs the generator time"),
        .value("scratch", "DIR", "where the scratch service keeps its articles; default $TMPDIR, or /var/tmp"),
        .flag("live", "measure the service that runs already; what is stored there is deleted afterwards"),
        .flag("keep", "with --live: leave there what was stored; the next `bench fetch` finds it"),
        .value("peer", "NAME", "with --live: measure another server with the same load: redis"),
    ]
}
