internal import LinuxRuntime
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

    private let event: EventDescriptor
    private let state = Mutex(State())

    init() throws(SystemError) { event = try EventDescriptor() }

    /// Readable when there are jobs.
    var descriptor: Int32 { event.number }

    /// Any thread.
    func add(_ job: Job) {
        let first = state.withLock { state in
            state.jobs.append(job)
            defer { state.signalled = true }
            return !state.signalled
        }
        if first { event.signal() }
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
        event.clear()
        state.withLock { state in
            swap(&state.jobs, &spent)
            state.signalled = false
        }
    }

    /// Waits until there is a job. For a thread that is no event loop.
    ///
    /// - Returns: false if `deadline` came before there was one.
    func wait(until deadline: UInt64) -> Bool { event.wait(until: deadline) }

    private final class Closure {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
