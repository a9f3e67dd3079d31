// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux

/// Puts articled under load and tells how fast it is.
struct Bench: Command {
    static let description = CommandDescription(
        "bench", "measure how many requests a second articled answers, and how fast",
        operands: "fetch|store|classify|ping", count: 1...1,
        discussion: [
            "articlectl starts an articled of its own, with an empty store in a temporary directory, measures that, and "
                + "removes it. The service that runs already is measured with --live only. Articles are stored in it then, and "
                + "deleted afterwards, also on Ctrl-C; --keep leaves them there. Its files stay as large as they became: the space "
                + "is used for new articles.",
            "One thread sends a batch on each connection, waits for its answers, and sends the next: a closed loop that costs "
                + "little beside what it measures. Latency is the time from sending a batch to each answer in it.",
            "fetch stores its articles first and then fetches at random among them. store stores new articles. A durable "
                + "write is as fast as its disk: --scratch names a directory on the disk to measure.",
            "Ctrl-C ends it early, with the figures so far. A lost connection is made again: restart the service meanwhile, "
                + "with --live, to see what its clients would notice, in errors, reconnects, and the longest time without an "
                + "answer.",
            "With --live --peer redis the same generator sends GET and SET to a Redis at --socket or --tcp, for a comparison on "
                + "the same machine, with the same bytes and the same load. It writes the keys key:000000000000 and so on.",
        ],
        options: BenchPlan.options,
        examples: [
            .init("articlectl bench fetch", "50 connections, one request at a time on each, 100,000 articles of 3 KB"),
            .init("articlectl bench fetch -c 50 -p 16 --json", "16 at a time on each, figures for a program"),
            .init("articlectl bench store -c 50 -s 10", "durable writes"),
            .init("articlectl bench fetch --live -s 10", "the service that runs already"),
            .init("articlectl bench fetch --live --peer redis --socket /run/redis.sock", "a Redis under the same load"),
        ])

    private let plan: BenchPlan

    init(_ arguments: Arguments) throws { plan = try BenchPlan(arguments) }

    func run(_ session: Session) async throws -> ExitCode {
        _ = Signals.catchInterrupts()
        let bodies = try plan.bodies()
        if plan.peer == .redis { return try redis(session, bodies) }
        if plan.isLive { return try await articled(session.client, only(session), session, bodies) }
        let scratch = try ScratchService(in: plan.scratch, connections: plan.connections)
        defer { scratch.stop() }
        return try await articled(ArticleClient(endpoint: scratch.endpoint), scratch.endpoint, session, bodies)
    }

    /// The endpoint to measure.
    private func only(_ session: Session) throws(CommandFailure) -> Endpoint {
        guard session.endpoints.count == 1 else {
            throw .usage("bench measures one service: name one endpoint, not \(session.endpoints.count)")
        }
        return session.endpoints[0]
    }

    private func articled(
        _ client: ArticleClient, _ endpoint: Endpoint, _ session: Session, _ bodies: Bodies
    ) async throws -> ExitCode {
        say(plan.isLive ? "measuring the live service at \(endpoint)" : "measuring a scratch service", session)
        var preparation = Preparation(client, endpoint, bodies)
        let sequence = StoreSequence()
        let code: Result<ExitCode, any Error>
        do {
            var sizes: [UInt32] = []
            if plan.operation == .fetch {
                sizes = try await preparation.ensure { count in
                    say("storing \(Quantity.grouped(count)) articles to fetch" + afterwards, session)
                }
            } else if plan.operation == .store {
                say("storing articles for \(Int(plan.seconds)) s" + afterwards, session)
            }
            code = .success(try show(load(endpoint, bodies, sizes, sequence), session))
        } catch {
            code = .failure(error)
        }
        if plan.isLive, !plan.keeps {
            let ids = preparation.stored.map { ArticleID(bench: $0, of: bodies) }
            try await CleanUp(client, session).run(ids.count + sequence.count) { number in
                number < ids.count ? ids[number] : sequence[number - ids.count]
            }
        }
        return try code.get()
    }

    private func show(_ report: BenchReport, _ session: Session) throws(CommandFailure) -> ExitCode {
        try session.output.write(session.json ? report.json + "\n" : report.text)
        try session.output.flush()  // before the articles are deleted, which may take long
        return report.errors == 0 ? .success : .software
    }

    /// What becomes of what is stored.
    private var afterwards: String { plan.isLive && !plan.keeps ? "; they are deleted afterwards" : "" }

    private func say(_ text: String, _ session: Session) { if !session.json { Complaint.write(text + "\n") } }

    private func load(
        _ endpoint: Endpoint, _ bodies: Bodies, _ sizes: [UInt32], _ sequence: StoreSequence
    ) throws(CommandFailure) -> BenchReport {
        let (connections, methods) = try ServiceConnections.articled(
            endpoint, count: plan.connections, pipeline: plan.pipeline)
        let (operation, name): (Requests.Operation, String) =
            switch plan.operation {
            case .fetch: (.fetch, "fetch.get")
            case .store: (.store, "store.put")
            case .classify: (.classify, "classify.text")
            case .ping: (.ping, "service.ping")
            }
        guard let method = methods[name] else {
            throw .unavailable("the service at \(endpoint) has no method \(name): is the plugin installed?")
        }
        let requests = Requests(
            operation, method: method, bodies: bodies, sizes: sizes, seed: clinux_now(), sequence: sequence)
        return try measure(ArticledDialect(requests, verifies: plan.verifies), connections, endpoint) {
            () throws(CommandFailure) in try ServiceConnections.again(endpoint, methods: methods)
        }
    }

    private func redis(_ session: Session, _ bodies: Bodies) throws(CommandFailure) -> ExitCode {
        let endpoint = try only(session)
        let count = Quantity.grouped(bodies.count)
        say("measuring the live Redis at \(endpoint); \(count) keys are written" + afterwards, session)
        let code: Result<ExitCode, CommandFailure>
        do throws(CommandFailure) {
            if plan.operation == .fetch { try all(.load, endpoint, bodies) }
            var connections: [BenchConnection] = []
            for _ in 0..<plan.connections { connections.append(try ServiceConnections.connect(endpoint)) }
            let dialect = RedisDialect(plan.operation == .fetch ? .get : .set, bodies, seed: clinux_now())
            let report = try measure(dialect, connections, endpoint) { () throws(CommandFailure) in
                try ServiceConnections.connect(endpoint)
            }
            code = .success(try show(report, session))
        } catch {
            code = .failure(error)
        }
        if !plan.keeps { try all(.remove, endpoint, bodies) }
        return try code.get()
    }

    /// Stores or removes each key of a Redis once.
    private func all(
        _ operation: RedisDialect.Operation, _ endpoint: Endpoint, _ bodies: Bodies
    ) throws(CommandFailure) {
        var load = try LoadGenerator(
            RedisDialect(operation, bodies, seed: 1), connections: [ServiceConnections.connect(endpoint)], pipeline: 16)
        _ = try load.run(seconds: 0, warmUp: 0, isInterruptible: operation != .remove)
        guard load.dialect.errors == 0 else {
            throw .unavailable("the peer refused: \(load.dialect.firstError ?? "")")
        }
    }

    private func measure<Language: Dialect>(
        _ dialect: Language, _ connections: [BenchConnection], _ endpoint: Endpoint,
        _ reconnect: @escaping () throws(CommandFailure) -> BenchConnection
    ) throws(CommandFailure) -> BenchReport {
        var generator = try LoadGenerator(
            dialect, connections: connections, pipeline: plan.pipeline, reconnect: reconnect)
        let result = try generator.run(seconds: plan.seconds, warmUp: plan.warmUp)
        return BenchReport(
            plan: plan, endpoint: "\(endpoint)", seconds: result.seconds, requests: result.requests,
            bytes: result.bytes, sentBytes: result.sentBytes, errors: generator.dialect.errors + result.lost,
            firstError: generator.dialect.firstError
                ?? (result.lost > 0 ? "a connection was lost before the answer came" : nil),
            reconnects: result.reconnects, longestPause: result.longestPause, latency: result.latency,
            generatorCores: result.generatorCores)
    }
}

/// Deletes what a measurement has stored in a live service.
private struct CleanUp {
    private let client: ArticleClient
    private let session: Session

    init(_ client: ArticleClient, _ session: Session) {
        self.client = client
        self.session = session
    }

    /// - Parameter id: by its number. Some may never have been stored.
    func run(_ count: Int, id: (Int) -> ArticleID) async throws(CommandFailure) {
        guard count > 0 else { return }
        var progress = Progress(shown: session.terminal.showsErrors && !session.json)
        defer { progress.clear() }
        var next = 0
        var counts = Deletion.Counts()
        do throws(CommandFailure) {
            try await Deletion(client: client).run {
                defer { next += 1 }
                return next < count ? Deletion.Subject(id: id(next), revision: nil) : nil
            } note: {
                counts = $0
                progress.show(count: $0.all, fraction: Double($0.all) / Double(count))
            }
        } catch {
            progress.clear()
            let left = "up to \(Quantity.grouped(count - counts.deleted)) articles that were stored are left"
            throw CommandFailure(error.code, "\(left): \(error.message)", hint: error.hint, request: error.request)
        }
        progress.clear()
        guard counts.changed + counts.failed > 0 else { return }
        let reasons = counts.failures.map { "\n  \($0)" }.joined()
        throw CommandFailure(
            .software,
            "\(Quantity.grouped(counts.changed + counts.failed)) articles that were stored are left: "
                + "\(Quantity.grouped(counts.changed)) were changed by others, \(Quantity.grouped(counts.failed)) failed"
                + reasons)
    }
}
