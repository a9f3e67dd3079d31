// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol

/// Makes sure that the articles to fetch are in the store.
struct Preparation {
    private let client: ArticleClient
    private let endpoint: Endpoint
    private let bodies: Bodies
    /// What it has stored, by the numbers of the texts: those that were there before are not among it.
    private(set) var stored: [Int] = []

    init(_ client: ArticleClient, _ endpoint: Endpoint, _ bodies: Bodies) {
        self.client = client
        self.endpoint = endpoint
        self.bodies = bodies
    }

    /// The size of each article's answer. Stores what is missing.
    ///
    /// - Parameter tell: is called with the number of articles that are to be stored, if there are any.
    mutating func ensure(_ tell: (Int) -> Void) async throws -> [UInt32] {
        var sizes = try survey()
        let missing = sizes.indices.filter { sizes[$0] == 0 }
        guard !missing.isEmpty else { return sizes }
        tell(missing.count)
        try await store(missing)
        guard !Signals.isInterrupted else { throw CommandFailure(.interrupted, "stopped before anything was measured") }
        sizes = try survey()
        guard !sizes.contains(0) else {
            throw CommandFailure.unavailable("articles that were stored cannot be fetched")
        }
        return sizes
    }

    /// Fetches each article once.
    private func survey() throws(CommandFailure) -> [UInt32] {
        let (connections, methods) = try ServiceConnections.articled(endpoint, count: 1, pipeline: 16)
        guard let method = methods["fetch.get"] else {
            throw .unavailable("the service at \(endpoint) has no method fetch.get: is the plugin installed?")
        }
        let requests = Requests(.survey, method: method, bodies: bodies, seed: 1)
        var generator = try LoadGenerator(
            ArticledDialect(requests, verifies: false), connections: connections, pipeline: 16)
        _ = try generator.run(seconds: 0, warmUp: 0)
        guard generator.dialect.errors == 0 else {
            throw .unavailable("fetching fails: \(generator.dialect.firstError ?? "")")
        }
        return generator.dialect.sizes
    }

    private mutating func store(_ numbers: [Int]) async throws {
        // All of them may be there by the time an error is seen.
        stored = numbers
        try await client.put(contentsOf: BodyArticles(bodies: bodies, numbers: numbers)) { outcomes in
            for try await outcome in outcomes { _ = try outcome.result.get() }
        }
    }
}
