// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// The background threads of one plugin, their queue of jobs, and the pieces of work that the plugin has named.
///
/// Threads start when the first job comes, and never end. They have a low priority, so that they yield to event loops.
/// Jobs wait until the service has started. Any thread.
final class BackgroundWork: Sendable {
    /// A function and its two arguments: the shape of `articled_host.background`.
    typealias Job = Inbox.Job

    /// The most names of work that have figures of their own. A plugin that makes up a name for each piece would fill the
    /// memory otherwise.
    private static let maxNames = 64
    /// The longest name of a piece of work, in bytes. The rest is cut.
    static let maxNameBytes = 63
    /// setpriority(2)
    private static let niceness: Int32 = 10

    private let plugin: String
    private let maxThreads: Int
    private let waiting = LinuxRuntime.Semaphore()
    private let failures = LogLimiter()
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.waiting
        var jobs = JobQueue()
        var threads = 0
        var running = 0
        var clocks: [clockid_t] = []
        var works: [UInt64: String] = [:]
        var figures: [String: Figures] = [:]
        /// Signalled when there may be nothing left to do.
        var idle: LinuxRuntime.Semaphore?

        var isIdle: Bool { jobs.isEmpty && running == 0 && works.isEmpty }
    }

    private enum Phase {
        /// The service has not started.
        case waiting
        case running
        /// The plugin has stopped. Jobs are dropped, because the process is about to end.
        case ended
    }

    private struct Figures {
        var running: UInt64 = 0
        var failed: UInt64 = 0
    }

    init(plugin: String, threads: Int) {
        self.plugin = plugin
        maxThreads = threads
    }

    // MARK: Jobs

    /// Runs a job on one of the threads, in the order of the calls.
    func add(_ job: Job) {
        let error = state.withLock { state -> SystemError? in
            guard state.phase != .ended else { return nil }
            state.jobs.append(job)
            guard state.phase == .running else { return nil }
            return startThread(&state)
        }
        waiting.signal()
        if let error { report(error) }
    }

    /// The service has started: runs the jobs that have gathered, and those that come.
    func open() {
        let error = state.withLock { state -> SystemError? in
            guard state.phase == .waiting else { return nil }
            state.phase = .running
            var error: SystemError?
            for _ in 0..<min(state.jobs.count, maxThreads) where error == nil { error = startThread(&state) }
            return error
        }
        if let error { report(error) }
    }

    /// Starts another thread if all of them are busy and there may be more.
    private func startThread(_ state: inout State) -> SystemError? {
        guard state.threads < maxThreads, state.running + state.jobs.count > state.threads else { return nil }
        do {
            try Thread.detach(plugin) { [self] in run() }
            state.threads += 1
            return nil
        } catch {
            return error
        }
    }

    /// The next job tries again.
    private func report(_ error: SystemError) {
        Log.error("\(plugin): no thread can be started for its background work: \(error)", ["PLUGIN": plugin])
    }

    private func run() {
        // In Linux, 0 is the calling thread. A process that is nicer already may not do it, and need not.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        var clock = clockid_t()
        if unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0 { state.withLock { $0.clocks.append(clock) } }
        while true {
            waiting.wait()
            let job = state.withLock { state -> Job? in
                guard let job = state.jobs.take() else { return nil }
                state.running += 1
                return job
            }
            guard let job else { continue }
            unsafe job.run(job.job, job.context)
            state.withLock { state in
                state.running -= 1
                if state.isIdle { state.idle?.signal() }
            }
        }
    }

    // MARK: Named pieces of work

    /// A piece of work begins.
    ///
    /// - Returns: its number, for `end`.
    func begin(_ name: String) -> UInt64 {
        let number = Self.owners.withLock { owners in
            owners.lastNumber += 1
            owners.byNumber[owners.lastNumber] = self
            return owners.lastNumber
        }
        state.withLock { state in
            state.works[number] = name
            if state.figures[name] != nil || state.figures.count < Self.maxNames {
                state.figures[name, default: Figures()].running += 1
            }
        }
        return number
    }

    /// A piece of work has ended. An unknown number is ignored.
    ///
    /// - Parameter failure: why it failed; nil if it did not.
    static func end(_ number: UInt64, _ failure: ServiceError?) {
        owners.withLock { $0.byNumber.removeValue(forKey: number) }?.finished(number, failure)
    }

    private func finished(_ number: UInt64, _ failure: ServiceError?) {
        let name = state.withLock { state -> String? in
            guard let name = state.works.removeValue(forKey: number) else { return nil }
            state.figures[name]?.running -= 1
            if failure != nil { state.figures[name]?.failed += 1 }
            if state.isIdle { state.idle?.signal() }
            return name
        }
        guard let name, let failure else { return }
        failures.write(.error) {
            (
                "\(plugin): its background work \"\(name)\" failed: \(failure.message)",
                ["PLUGIN": plugin, "WORK": name, "ARTICLED_STATUS": failure.code.name]
            )
        }
    }

    /// Whose work each number is. A plugin gets numbers and no addresses, so that it does no harm if it ends a piece of work
    /// twice.
    private struct Owners {
        var lastNumber: UInt64 = 0
        var byNumber: [UInt64: BackgroundWork] = [:]
    }

    private static let owners = Mutex(Owners())

    // MARK: The end

    /// Waits until there is nothing left to do. Jobs that come later are dropped.
    ///
    /// - Returns: false if there was still something to do at `deadline`; the journal says what.
    func finish(until deadline: UInt64) -> Bool {
        let idle = LinuxRuntime.Semaphore()
        while true {
            let left = state.withLock { state -> [String]? in
                // They never began, because the service did not start.
                if state.phase == .waiting { state.jobs = JobQueue() }
                if state.isIdle {
                    state.phase = .ended
                    state.idle = nil
                    return nil
                }
                state.idle = idle
                return Set(state.works.values).sorted()
            }
            guard let left else { return true }
            let now = MonotonicClock.now
            guard now < deadline else {
                let names = left.map { " \"\($0)\"" }.joined(separator: ",")
                Log.error(
                    "\(plugin): its background work\(names) did not end in time",
                    ["PLUGIN": plugin, "WORK": left.joined(separator: ",")])
                return false
            }
            idle.wait(nanoseconds: deadline - now)
        }
    }
}

extension BackgroundWork {
    /// What the metrics tell of a plugin's background work.
    struct Usage: Equatable {
        /// The processor time of the background threads.
        var cpuSeconds: Double
        /// By name: how many pieces are running, and how many have failed.
        var works: [(name: String, running: UInt64, failed: UInt64)]

        static func == (a: Usage, b: Usage) -> Bool {
            a.cpuSeconds == b.cpuSeconds && a.works.elementsEqual(b.works, by: ==)
        }
    }

    /// nil if the plugin has had no background work yet. Any thread.
    var usage: Usage? {
        let (clocks, figures) = state.withLock { ($0.clocks, $0.figures) }
        guard !clocks.isEmpty || !figures.isEmpty else { return nil }
        let seconds = clocks.reduce(0.0) { sum, clock in
            var time = timespec()
            // The threads never end, so their clocks stay valid.
            guard unsafe clock_gettime(clock, &time) == 0 else { return sum }
            return sum + Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        return Usage(
            cpuSeconds: seconds,
            works: figures.sorted { $0.key < $1.key }.map { ($0.key, $0.value.running, $0.value.failed) })
    }
}

/// Jobs in the order in which they came.
private struct JobQueue {
    private var jobs: [BackgroundWork.Job] = []
    private var taken = 0

    var count: Int { jobs.count - taken }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ job: BackgroundWork.Job) { jobs.append(job) }

    mutating func take() -> BackgroundWork.Job? {
        guard taken < jobs.count else { return nil }
        defer {
            taken += 1
            // The space of taken jobs is reused when it is at least half.
            if taken * 2 >= jobs.count {
                jobs.removeFirst(taken)
                taken = 0
            }
        }
        return jobs[taken]
    }
}
