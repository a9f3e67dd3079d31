// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import CLinux
import JSONTree
internal import Synchronization

/// Shows what articled is doing, as it changes.
struct Top: Command {
    static let description = CommandDescription(
        "top", "watch what articled is doing: requests, latencies, storage, plugins",
        discussion: [
            "Figures are those of the last second, or of the last --interval. LATENCY is a histogram: each column counts the requests that "
                + "took as long as the scale above it says. STATUSES shows how often a method ended with anything but OK.",
            "q or Ctrl-C ends it, and any other key refreshes it. With --once, and where standard output is not a terminal, it measures for "
                + "one interval, prints one view, and ends. --json does the same for a program.",
            "top makes three requests of its own for each view.",
        ],
        options: [
            .flag("once", "print one view and end"),
            .value("interval", short: "i", "SECONDS", "time between two views, 1 to 3600; default 1"),
        ],
        examples: [
            .init("articlectl top", "until q"),
            .init("articlectl top --once --json | jq .requests_per_second", "for a script"),
        ])

    private let once: Bool
    private let interval: Int

    init(_ arguments: Arguments) throws {
        once = arguments.flag("once")
        interval = try arguments.number("interval", in: 1...3600) ?? 1
    }

    func run(_ session: Session) async throws -> ExitCode {
        let first = try await Reading(of: session.client)
        if once || session.json || !session.terminal.movesCursor {
            try await Task.sleep(for: .seconds(interval))
            let view = TopView(try await Reading(of: session.client, after: first), after: first, session.endpoints)
            let page = TopPage(width: session.terminal.width, rows: nil, style: session.style)
            let lines = session.json ? [view.json.text] : page.lines(view)
            for line in lines { try session.output.line(line) }
            return .success
        }
        let readings = Readings(first)
        let reader = Task.detached { [client = session.client, interval = interval] in
            await readings.fill(from: client, every: .seconds(interval))
        }
        defer { reader.cancel() }
        let screen = LiveScreen(session.output)
        try screen.enter()
        do {
            try watch(readings, screen, session)
        } catch {
            try? screen.leave()
            throw error
        }
        try screen.leave()
        return .success
    }

    /// Draws what the reader brings until somebody ends it. Blocks its thread while it waits; the reader has another.
    private func watch(_ readings: Readings, _ screen: LiveScreen, _ session: Session) throws(CommandFailure) {
        var view = TopView(readings.latest.reading, after: nil, session.endpoints)
        var trouble: String?
        while true {
            let (columns, rows) = screen.size
            let page = TopPage(width: columns, rows: rows, style: session.style)
            try screen.draw(page.lines(view, trouble: trouble))
            switch screen.wait(for: readings.signal) {
            case .ended: return
            case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")), .key(Self.controlC): return
            case .key(Self.controlZ): try screen.suspend()
            case .key, .resized: break
            case .ready:
                let latest = readings.latest
                trouble = latest.trouble
                view.advance(to: latest.reading)
            }
        }
    }

    private static let controlC: UInt8 = 3
    private static let controlZ: UInt8 = 26
}

/// What the service told at one moment.
struct Reading: Sendable {
    /// Of the monotonic clock, nanoseconds.
    let at: UInt64
    let service: ServiceDescription
    let stats: StatsResult
    let health: HealthResult
    /// From `service.metrics`: what the process takes of the machine.
    let process: [String: Double]

    /// - Parameter earlier: its description is taken over if the service has not been restarted since.
    init(of client: ArticleClient, after earlier: Reading? = nil) async throws(ClientError) {
        let policy = CallPolicy(deadline: .seconds(5))
        stats = try await client.stats(policy: policy)
        at = clinux_now()
        health = try await client.health(policy: policy)
        process = Self.processFigures(try await client.metrics(policy: policy))
        if let earlier, earlier.stats.startedAt == stats.startedAt {
            service = earlier.service
        } else {
            service = try await client.describe(policy: policy)
        }
    }

    /// For tests.
    init(at: UInt64, _ service: ServiceDescription, _ stats: StatsResult, _ health: HealthResult, _ metrics: String) {
        (self.at, self.service, self.stats, self.health) = (at, service, stats, health)
        process = Self.processFigures(metrics)
    }

    /// Samples without labels whose names begin with "process_".
    private static func processFigures(_ metrics: String) -> [String: Double] {
        var figures: [String: Double] = [:]
        for line in metrics.split(separator: "\n") where line.hasPrefix("process_") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = Double(parts[1]) { figures[String(parts[0])] = value }
        }
        return figures
    }
}

/// Readings that one task takes and one thread shows.
private final class Readings: Sendable {
    private let state: Mutex<(reading: Reading, trouble: String?)>
    /// Becomes readable with each reading.
    let signal = clinux_eventfd()

    init(_ first: Reading) { state = Mutex((first, nil)) }

    /// The last one that was taken, and why there is none since, if so.
    var latest: (reading: Reading, trouble: String?) { state.withLock { $0 } }

    /// Takes readings until the task is cancelled.
    func fill(from client: ArticleClient, every interval: Duration) async {
        let clock = ContinuousClock()
        while true {
            let next = clock.now + interval
            do { try await clock.sleep(until: next) } catch { return }
            do throws(ClientError) {
                let reading = try await Reading(of: client, after: latest.reading)
                state.withLock { $0 = (reading, nil) }
            } catch {
                if Task.isCancelled { return }
                state.withLock { $0.trouble = error.message }
            }
            _ = clinux_eventfd_signal(signal)
        }
    }
}
