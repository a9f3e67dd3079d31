internal import ArticleServer
internal import Glibc
internal import LinuxRuntime

extension Service {
    /// Runs until somebody wants it to end, or nobody wants it at all; then ends it.
    func ending() -> Ending {
        var watch = Watch(watchdog: watchdog)
        var idle = Idleness(server)
        var reload: Reload?
        var isReloadOwed = false
        while true {
            let now = MonotonicClock.now
            watch.beat(server, now)
            if let limit = configuration.exitWhenIdle, idle.duration(server, now) >= limit {
                return drain("nobody was connected for \(TimeText.of(nanoseconds: limit))", &watch)
            }
            if let done = reload?.outcome {
                finish(done)
                reload = isReloadOwed ? begin() : nil
                isReloadOwed = false
            }
            let next = min(watch.next(now), configuration.exitWhenIdle.map { idle.next(now, limit: $0) } ?? .max)
            Wait.until(next, readable: [signals.descriptor] + (reload.map { [$0.descriptor] } ?? []))
            switch signals.next() {
            case .stop: return drain("asked to stop", &watch, handsOver: isToBeContinued)
            case .reload where reload == nil: reload = begin()
            // The configuration may have been read before the change that is asked for now.
            case .reload: isReloadOwed = true
            case nil: break
            }
        }
    }

    /// Whether another process of the service follows this one, as far as can be known, and takes the connections.
    private var isToBeContinued: Bool {
        Handover.isPossible && server.connectionCount > 0 && UnitJob.present != .stop
    }

    /// Lets the requests in flight finish, within the time that is allowed, and releases everything.
    ///
    /// - Parameter handsOver: clients are not told to go: the next process goes on with their connections.
    private func drain(_ reason: String, _ watch: inout Watch, handsOver: Bool = false) -> Ending {
        let limit = configuration.limits.drainTimeoutNanoseconds
        // Loops end by themselves at the limit. What is left of the grace is for one whose plugin does not return, and
        // for plugins that stop.
        let grace: UInt64 = 10_000_000_000
        Log.notice(
            "ending: \(reason)",
            ["CONNECTIONS": "\(server.connectionCount)", "IN_FLIGHT": "\(server.requestsInFlight)"])
        Systemd.stopping("finishing \(server.requestsInFlight) requests", within: limit + 2 * grace)
        if handsOver {
            server.handOver(within: limit) { [plugins] in plugins.drain() }
        } else {
            plugins.drain()
            server.drain(within: limit)
        }
        guard let joined = Joining(server) else { return .cutOff }
        var end = MonotonicClock.now + limit + grace / 2
        while !joined.isDone {
            let now = MonotonicClock.now
            guard now < end else {
                let occupations = server.occupations
                let what =
                    occupations.isEmpty
                    ? "something keeps its thread" : occupations.map(\.sentence).joined(separator: ", ")
                Log.error(
                    "an event loop did not end: \(what); its requests are cut off", occupations.first?.fields ?? [:])
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
        // It asks plugins, which it must not do once they have stopped.
        let stopped = (metrics?.stop(within: grace) ?? true) && plugins.stop(within: grace)
        let left = server.requestsInFlight
        if left > 0 { Log.warning("\(left) requests were cut off: they took longer than limits.drainTimeout allows") }
        Log.notice(
            "ended after \(server.requestsEnded) requests\(left > 0 ? "" : ", none was cut off")",
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
            return try Reload(reading, plugins)
        } catch {
            refuse((error as? StartError)?.problems ?? ["\(error)"])
            return nil
        }
    }

    private func finish(_ outcome: Reload.Outcome) {
        switch outcome {
        case .refused(let error): refuse(error.problems)
        case .taken(let configuration, let refusals): take(configuration, refusals)
        }
    }

    private func refuse(_ problems: [String]) {
        for problem in problems { Log.error(problem) }
        Log.error("the configuration was not reloaded: the old one stays in force")
        Systemd.ready("the new configuration is wrong, the old one is in force: see the journal")
    }

    private func take(_ new: ServerConfiguration, _ refusals: [String]) {
        for refusal in refusals { Log.error(refusal) }
        let changed = configuration.differences(to: new)
        let live = changed.filter(\.isLive).map(\.path).joined(separator: ", ")
        let fixed = changed.filter { !$0.isLive }.map(\.path).joined(separator: ", ")
        adopt(new)
        if !fixed.isEmpty { Log.warning("takes effect at the next start only: \(fixed)", ["CHANGED": fixed]) }
        let isWhole = refusals.isEmpty
        let what = live.isEmpty ? "nothing is new" : "new: \(live)"
        Log.notice(
            "the configuration was reloaded\(isWhole ? "" : ", but not by all plugins"); \(what)", ["CHANGED": live])
        Systemd.ready(isWhole ? "serving" : "serving; a plugin refused its new configuration: see the journal")
    }
}

/// The end of all event loops, as something to wait for.
struct Joining {
    private let call: BoundedCall<Bool>

    /// nil if there is not even a thread left to wait with.
    init?(_ server: Server) {
        guard
            let call = try? BoundedCall({
                server.join()
                return true
            })
        else { return nil }
        self.call = call
    }

    /// Readable when they have ended.
    var descriptor: Int32 { call.descriptor }
    var isDone: Bool { call.answer != nil }
}

/// A reload under way: plugins may take their time for it, and the main thread has other things to do.
struct Reload {
    enum Outcome: Sendable {
        /// Something is wrong with it: nothing was changed.
        case refused(StartError)
        /// It is in force, but for what these plugins did not take.
        case taken(ServerConfiguration, refusals: [String])
    }

    private let call: BoundedCall<Outcome>

    init(_ reading: ConfigurationReading, _ plugins: PluginHost) throws {
        call = try BoundedCall {
            let settings = reading.configuration.plugins
            let problems = reading.problems + plugins.problems(in: settings)
            guard problems.isEmpty else { return .refused(reading.error(problems)) }
            return .taken(reading.configuration, refusals: plugins.reload(settings).map(\.description))
        }
    }

    /// Readable when there is an outcome.
    var descriptor: Int32 { call.descriptor }
    var outcome: Outcome? { call.answer }
}

/// How the process ends.
enum Ending {
    /// Everything was released: exit handlers may run.
    case complete
    /// A thread of a plugin or a loop is still busy, and exit handlers would pull the ground from under it.
    case cutOff

    func leave() -> Never {
        switch self {
        case .complete: exit(0)
        case .cutOff: _exit(70)  // EX_SOFTWARE
        }
    }
}
