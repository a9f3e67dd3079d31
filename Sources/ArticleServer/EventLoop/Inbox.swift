internal import CLinux
internal import Synchronization

/// What other threads want an event loop to do: each job runs on the loop's thread, in the order of one thread's calls.
///
/// Signals are coalesced: the descriptor is written to only by the first job after the loop has looked, so a loop
/// can never block on its own full descriptor, and a thousand jobs cost one system call.
final class Inbox: Sendable {
    /// A function and its two arguments: the shape of `articled_host.schedule`, which allocates nothing.
    @safe struct Job: @unchecked Sendable {  // the pointers are the caller's, handed over to the loop's thread
        let run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void
        let job: UnsafeMutableRawPointer?
        let context: UnsafeMutableRawPointer?
    }

    private struct State {
        var jobs: [Job] = []
        var signalled = false
    }

    /// Readable when there are jobs.
    let descriptor: Int32
    private let state = Mutex(State())

    init() throws(SystemError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit { SystemCall.close(descriptor) }

    /// Any thread.
    func add(_ job: Job) {
        let first = state.withLock { state in
            state.jobs.append(job)
            defer { state.signalled = true }
            return !state.signalled
        }
        if first { _ = clinux_eventfd_signal(descriptor) }
    }

    /// Any thread: the same with a closure, for what happens seldom.
    func add(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(Closure(body))
        unsafe add(
            Job(
                run: { job, _ in
                    guard let job = unsafe job else { return }
                    unsafe Unmanaged<Closure>.fromOpaque(job).takeRetainedValue().body()
                }, job: box.toOpaque(), context: nil))
    }

    /// The loop's thread, when the descriptor is readable: exchanges the waiting jobs for `spent`, whose storage is used again.
    func take(_ spent: inout [Job]) {
        spent.removeAll(keepingCapacity: true)
        // Cleared before the jobs are taken: what is added in between is taken along, what is added later signals anew.
        _ = clinux_eventfd_clear(descriptor)
        state.withLock { state in
            swap(&state.jobs, &spent)
            state.signalled = false
        }
    }

    private final class Closure {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

extension Inbox {
    /// Waits until there is a job. For a thread that is no event loop.
    ///
    /// - Returns: false if `milliseconds` passed before there was one.
    func wait(milliseconds: Int) throws(SystemError) -> Bool {
        let poller = try Poller()
        try poller.add(descriptor, .readable, token: 0)
        let deadline = clinux_now() &+ UInt64(clamping: milliseconds) &* 1_000_000
        while true {
            let now = clinux_now()
            let left = deadline > now ? Int32(clamping: (deadline - now) / 1_000_000 + 1) : 0
            if poller.wait(timeout: left) > 0 { return true }
            if clinux_now() >= deadline { return false }
        }
    }
}
