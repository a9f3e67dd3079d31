// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer
internal import Glibc
internal import LinuxRuntime

extension Service {
    /// Runs until it is asked to stop or has been idle for long enough, then stops.
    func run() -> ExitMode {
        var watch = WatchdogNotifier(watchdog: watchdog)
        var idle = IdleTimer(server)
        var reload: Reload?
        var isReloadPending = false
        while true {
            let now = MonotonicClock.now
            watch.beat(server, now)
            if let limit = configuration.exitWhenIdle, idle.duration(server, now) >= limit {
                return drain("nobody was connected for \(TimeText.of(nanoseconds: limit))", &watch)
            }
            if let done = reload?.outcome {
                finish(done)
                reload = isReloadPending ? begin() : nil
                isReloadPending = false
            }
            let next = min(watch.next(now), configuration.exitWhenIdle.map { idle.next(now, limit: $0) } ?? .max)
            Wait.until(next, readable: [signals.descriptor] + (reload.map { [$0.descriptor] } ?? []))
            switch signals.next() {
            case .stop: return drain("asked to stop", &watch, handsOver: hasSuccessor)
            case .reload where reload == nil: reload = begin()
            // The reload that is under way may have read the configuration before the latest change.
            case .reload: isReloadPending = true
            case nil: break
            }
        }
    }

    /// Whether, as far as can be known, another process of the service follows and can take over the connections.
    private var hasSuccessor: Bool {
        Handover.isPossible && server.connectionCount > 0 && UnitJob.current != .stop
    }

    /// Lets the requests in flight finish, within the limit, and releases everything.
    ///
    /// - Parameter handsOver: clients get no GO_AWAY, because the next process takes over their connections.
    private func drain(_ reason: String, _ watch: inout WatchdogNotifier, handsOver: Bool = false) -> ExitMode {
        let limit = configuration.limits.drainTimeoutNanoseconds
        // Loops end at the limit. The grace is for a loop whose plugin does not return, and for the plugins' own stop.
        let grace: UInt64 = 10_000_000_000
        Log.notice(
            "stopping: \(reason)",
            ["CONNECTIONS": "\(server.connectionCount)", "IN_FLIGHT": "\(server.requestsInFlight)"])
        Systemd.stopping("finishing \(server.requestsInFlight) requests", within: limit + 2 * grace)
        if handsOver {
            server.handOver(within: limit) { [plugins] in plugins.drain() }
        } else {
            plugins.drain()
            server.drain(within: limit)
        }
        guard let joined = PendingJoin(server) else { return .cutOff }
        var end = MonotonicClock.now + limit + grace / 2
        while !joined.isDone {
            let now = MonotonicClock.now
            guard now < end else {
                let loopBlockers = server.loopBlockers
                let what =
                    loopBlockers.isEmpty
                    ? "something blocks its thread" : loopBlockers.map(\.sentence).joined(separator: ", ")
                Log.error(
                    "an event loop did not end: \(what); its requests are cut off", loopBlockers.first?.fields ?? [:])
                closeListeners()
                return .cutOff
            }
            watch.beat(server, now)
            Wait.until(min(end, watch.next(now)), readable: [signals.descriptor, joined.descriptor])
            if signals.next() == .stop {
                Log.warning("asked to stop again: requests in flight are cut off")
                server.stop()
                end = min(end, MonotonicClock.now + 1_000_000_000)
            }
        }
        closeListeners()
        if handsOver { server.pack()?.store() }
        // First the metrics: they ask plugins, which must not be called once they have stopped.
        let stopped = (metrics?.stop(within: grace) ?? true) && plugins.stop(within: grace)
        let left = server.requestsInFlight
        if left > 0 { Log.warning("\(left) requests were cut off: they took longer than limits.drainTimeout allows") }
        Log.notice(
            "stopped after \(server.requestsEnded) requests\(left > 0 ? "" : ", none was cut off")",
            ["ANSWERED": "\(server.requestsEnded)", "CUT_OFF": "\(left)"])
        return stopped ? .complete : .cutOff
    }

    private func closeListeners() { for listener in listeners { listener.close() } }

    // MARK: Reloading

    private func begin() -> Reload? {
        Systemd.reloading()
        do {
            let reading = try ConfigurationReading.effective(arguments)
            Log.info("reloading \(reading.source?.path ?? "the defaults")")
            for line in reading.configuration.warnings { Log.warning(line) }
            if reading.problems.isEmpty { try checkEncryption(reading.configuration) }
            return try Reload(reading, plugins)
        } catch {
            refuse((error as? StartError)?.lines ?? ["\(error)"])
            return nil
        }
    }

    /// Throws if the new configuration has no TLS for a socket that needs it.
    private func checkEncryption(_ new: ServerConfiguration) throws(StartError) {
        // `allowPlaintext` takes effect at a start only, like the sockets that it is about.
        var new = new
        new.allowPlaintext = configuration.allowPlaintext
        guard let listener = listeners.first(where: { $0.lacksEncryption(under: new) }) else { return }
        throw StartError(
            .configuration, "\(listener) can be reached from other machines, and the new configuration has no tls")
    }

    private func finish(_ outcome: Reload.Outcome) {
        switch outcome {
        case .refused(let error): refuse(error.lines)
        case .taken(let configuration, let plugins): take(configuration, plugins)
        }
    }

    private func refuse(_ lines: [String]) {
        for line in lines { Log.error(line) }
        Log.error("the configuration was not reloaded: the old one stays in effect")
        Systemd.ready("the new configuration is wrong, the old one is in effect: see the journal")
    }

    private func take(_ new: ServerConfiguration, _ plugins: PluginReload) {
        for (_, error) in plugins.refusals { Log.error("\(error)", ["PLUGIN_PATH": error.path]) }
        let changed = configuration.differences(to: new)
        func paths(_ names: Set<String>) -> Set<String> { Set(names.map { "plugins.\($0)" }) }
        let (fixedSections, oldSections) = (paths(plugins.fixed), paths(plugins.keepers))
        let live = changed.filter { $0.isLive && !oldSections.contains($0.path) }.map(\.path).joined(separator: ", ")
        let fixed = changed.filter { !$0.isLive || fixedSections.contains($0.path) }.map(\.path)
            .joined(separator: ", ")
        apply(new, keepingSectionsOf: plugins.keepers)
        if !fixed.isEmpty { Log.warning("takes effect only after a restart: \(fixed)", ["CHANGED": fixed]) }
        let isWhole = plugins.refusals.isEmpty
        let what = live.isEmpty ? "nothing changed" : "changed: \(live)"
        Log.notice(
            "the configuration was reloaded\(isWhole ? "" : ", but not by all plugins"); \(what)", ["CHANGED": live])
        let rest = fixed.isEmpty ? "" : "; needs a restart: \(fixed)"
        Systemd.ready(isWhole ? "serving\(rest)" : "serving; a plugin refused its new configuration: see the journal")
    }
}

/// A wait for the end of all event loops, on a thread of its own.
struct PendingJoin {
    private let call: BoundedCall<Bool>

    /// nil if no thread can be started.
    init?(_ server: Server) {
        guard
            let call = try? BoundedCall({
                server.join()
                return true
            })
        else { return nil }
        self.call = call
    }

    /// Readable when the loops have ended.
    var descriptor: Int32 { call.descriptor }
    var isDone: Bool { call.answer != nil }
}

/// A reload under way. Plugins may take long for it, and the main thread must not wait.
struct Reload {
    enum Outcome: Sendable {
        /// The configuration is wrong. Nothing was changed.
        case refused(StartError)
        /// The configuration is in effect, except for the plugins that refused it.
        case taken(ServerConfiguration, PluginReload)
    }

    private let call: BoundedCall<Outcome>

    init(_ reading: ConfigurationReading, _ plugins: PluginHost) throws {
        call = try BoundedCall {
            let settings = reading.configuration.plugins
            let problems = reading.problems + plugins.problems(in: settings)
            guard problems.isEmpty else { return .refused(reading.error(problems)) }
            return .taken(reading.configuration, plugins.reload(settings))
        }
    }

    /// Readable when there is an outcome.
    var descriptor: Int32 { call.descriptor }
    var outcome: Outcome? { call.answer }
}

/// How the process ends.
enum ExitMode {
    /// Everything is released. Exit handlers may run.
    case complete
    /// A thread of a plugin or a loop still runs, and exit handlers would destroy what it uses.
    case cutOff

    func exitProcess() -> Never {
        switch self {
        case .complete: exit(0)
        case .cutOff: _exit(70)  // EX_SOFTWARE
        }
    }
}
