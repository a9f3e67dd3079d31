// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import Synchronization

/// Jobs from other threads for an event loop. Each job runs on the loop's thread. The jobs of one thread keep their
/// order.
///
/// Signals are coalesced: only the first job after the loop has emptied the inbox signals the descriptor. A thousand
/// jobs cost one system call, and a loop never blocks on its own descriptor.
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

    /// The same with a closure, for rare events. Any thread.
    func add(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(Closure(body))
        unsafe add(
            Job(
                run: { job, _ in
                    guard let job = unsafe job else { return }
                    unsafe Unmanaged<Closure>.fromOpaque(job).takeRetainedValue().body()
                }, job: box.toOpaque(), context: nil))
    }

    /// Exchanges the waiting jobs for `spent`, whose storage is reused. The loop's thread, when the descriptor is
    /// readable.
    func take(_ spent: inout [Job]) {
        spent.removeAll(keepingCapacity: true)
        // Cleared before the jobs are taken. A job that is added in between is taken too; one that is added later
        // signals again.
        event.clear()
        state.withLock { state in
            swap(&state.jobs, &spent)
            state.signalled = false
        }
    }

    /// Waits until there is a job. For threads that are not event loops.
    ///
    /// - Returns: false if `deadline` came before there was one.
    func wait(until deadline: UInt64) -> Bool { event.wait(until: deadline) }

    private final class Closure {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
