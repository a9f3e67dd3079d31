import ArticleClient
import CLinux

/// Puts articled under load and tells how fast it is.
struct Bench: Command {
    static let description = CommandDescription(
        "bench", "measure how many requests a second articled answers, and how fast",
        operands: "fetch|store|classify|ping", count: 1...1,
        discussion: [
            "One thread sends a batch on each connection, awaits its answers, and sends the next: a closed loop that costs "
                + "little beside what it measures. Latency is from sending a batch to each answer in it.",
            "fetch first makes sure that its articles are in the store, under ids of their own (a second run finds them), "
                + "then fetches at random among them. store puts new articles, which stay: use a store that you can throw away.",
            "Ctrl-C ends it early, with the figures so far. A connection that is lost is made again: restart the service meanwhile to see what its clients would notice, in "
                + "errors, reconnects, and the longest time in which nothing was answered.",
            "With --peer redis the same generator sends GET and SET to a Redis at --socket or --tcp, for a comparison on "
                + "the same machine, the same bytes and the same load.",
        ],
        options: BenchPlan.options,
        examples: [
            .init("articlectl bench fetch", "50 connections, one request at a time on each, 100,000 articles of 3 KB"),
            .init("articlectl bench fetch -c 50 -p 16 --json", "16 at a time on each, figures for a program"),
            .init("articlectl bench store -c 50 -s 10", "durable writes"),
            .init("articlectl bench fetch --peer redis --socket /run/redis.sock", "a Redis under the same load"),
        ])

    private let plan: BenchPlan

    init(_ arguments: Arguments) throws { plan = try BenchPlan(arguments) }

    func run(_ session: Session) async throws -> ExitCode {
        let bodies = try plan.bodies()
        let report: BenchReport
        switch plan.peer {
        case .articled: report = try await articled(session, bodies)
        case .redis: report = try redis(session.endpoint, bodies)
        }
        try session.output.write(session.json ? report.json + "\n" : report.text)
        return report.errors == 0 ? .success : .software
    }

    private func articled(_ session: Session, _ bodies: Bodies) async throws -> BenchReport {
        let endpoint = session.endpoint
        var sizes: [UInt32] = []
        if plan.operation == .fetch { sizes = try await Preparation(session, plan).ensure(bodies) }
        let (descriptors, methods) = try ServiceConnections.articled(
            endpoint, count: plan.connections, pipeline: plan.pipeline)
        let (operation, name): (Requests.Operation, String) =
            switch plan.operation {
            case .fetch: (.fetch, "fetch.get")
            case .store: (.store, "store.put")
            case .classify: (.classify, "classify.text")
            case .ping: (.ping, "service.ping")
            }
        guard let method = methods[name] else {
            throw CommandFailure.unavailable(
                "the service at \(endpoint) has no method \(name): is the plugin installed?")
        }
        let requests = Requests(operation, method: method, bodies: bodies, sizes: sizes, seed: clinux_now())
        return try measure(ArticledDialect(requests, verifies: plan.verifies), descriptors, endpoint) {
            () throws(CommandFailure) in try ServiceConnections.again(endpoint, methods: methods)
        }
    }

    private func redis(_ endpoint: Endpoint, _ bodies: Bodies) throws(CommandFailure) -> BenchReport {
        if plan.operation == .fetch {
            var load = try LoadGenerator(
                RedisDialect(.load, bodies, seed: 1), descriptors: [ServiceConnections.connect(endpoint)], pipeline: 16)
            _ = try load.run(seconds: 0, warmUp: 0)
            guard load.dialect.errors == 0 else {
                throw .unavailable("the peer refused to store: \(load.dialect.firstError ?? "")")
            }
        }
        var descriptors: [Int32] = []
        for _ in 0..<plan.connections { descriptors.append(try ServiceConnections.connect(endpoint)) }
        return try measure(
            RedisDialect(plan.operation == .fetch ? .get : .set, bodies, seed: clinux_now()), descriptors, endpoint
        ) { () throws(CommandFailure) in try ServiceConnections.connect(endpoint) }
    }

    private func measure<Language: Dialect>(
        _ dialect: Language, _ descriptors: [Int32], _ endpoint: Endpoint,
        _ reconnect: @escaping () throws(CommandFailure) -> Int32
    ) throws(CommandFailure) -> BenchReport {
        _ = Signals.catchInterrupts()
        var generator = try LoadGenerator(
            dialect, descriptors: descriptors, pipeline: plan.pipeline, reconnect: reconnect)
        let result = try generator.run(seconds: plan.seconds, warmUp: plan.warmUp)
        return BenchReport(
            plan: plan, endpoint: "\(endpoint)", seconds: result.seconds, requests: result.requests,
            bytes: result.bytes, errors: generator.dialect.errors + result.lost,
            firstError: generator.dialect.firstError
                ?? (result.lost > 0 ? "a connection was lost before the answer came" : nil),
            reconnects: result.reconnects, longestPause: result.longestPause, latency: result.latency,
            generatorCores: result.generatorCores)
    }
}
