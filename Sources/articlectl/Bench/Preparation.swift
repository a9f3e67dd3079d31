import ArticleClient
import ArticleProtocol

/// Makes sure that the articles to fetch are in the store.
struct Preparation {
    private let session: Session
    private let plan: BenchPlan

    init(_ session: Session, _ plan: BenchPlan) {
        self.session = session
        self.plan = plan
    }

    /// The size of each article's answer. Stores what is missing.
    func ensure(_ bodies: Bodies) async throws -> [UInt32] {
        var sizes = try survey(bodies)
        let missing = sizes.indices.filter { sizes[$0] == 0 }
        guard !missing.isEmpty else { return sizes }
        if session.terminal.showsErrors, !session.json {
            Complaint.write("storing \(Quantity.grouped(missing.count)) articles to fetch ...\n")
        }
        try await store(missing, of: bodies)
        sizes = try survey(bodies)
        guard !sizes.contains(0) else {
            throw CommandFailure.unavailable("articles that were stored cannot be fetched")
        }
        return sizes
    }

    /// Fetches each article once.
    private func survey(_ bodies: Bodies) throws(CommandFailure) -> [UInt32] {
        let (descriptors, methods) = try ServiceConnections.articled(session.endpoint, count: 1, pipeline: 16)
        guard let method = methods["fetch.get"] else {
            throw .unavailable("the service at \(session.endpoint) has no method fetch.get: is the plugin installed?")
        }
        let requests = Requests(.survey, method: method, bodies: bodies, seed: 1)
        var generator = try LoadGenerator(
            ArticledDialect(requests, verifies: false), descriptors: descriptors, pipeline: 16)
        _ = try generator.run(seconds: 0, warmUp: 0)
        guard generator.dialect.errors == 0 else {
            throw .unavailable("fetching fails: \(generator.dialect.firstError ?? "")")
        }
        return generator.dialect.sizes
    }

    private func store(_ numbers: [Int], of bodies: Bodies) async throws {
        try await session.client.put(contentsOf: BodyArticles(bodies: bodies, numbers: numbers)) { outcomes in
            for try await outcome in outcomes { _ = try outcome.result.get() }
        }
    }
}
