// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI
internal import Synchronization

/// Runs tasks on one of the host's event loops.
///
/// Sendable although it holds pointers: the loop and the host's table are never freed, and `schedule` may be called
/// from any thread.
@safe
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    private let loop: OpaquePointer
    private let host: UnsafePointer<articled_host>

    private init(_ loop: OpaquePointer, _ host: UnsafePointer<articled_host>) {
        unsafe self.loop = loop
        unsafe self.host = host
    }

    /// One per loop, never released: a job refers to its executor without retaining it.
    private static let all = Mutex<[LoopExecutor]>([])

    /// The executor of `loop`. There are as many loops as processors, so a linear search is faster than a table.
    static func of(_ loop: OpaquePointer, _ host: UnsafePointer<articled_host>) -> LoopExecutor {
        let address = UInt(bitPattern: loop)
        let table = UInt(bitPattern: host)
        return all.withLock { all in
            for executor in all where executor.isOf(address, table) { return executor }
            let executor = unsafe LoopExecutor(
                OpaquePointer(bitPattern: address)!, UnsafePointer(bitPattern: table)!)
            all.append(executor)
            return executor
        }
    }

    /// The loop that the current task runs on; `nil`: on none.
    static var currentLoop: OpaquePointer? {
        unsafe withUnsafeCurrentTask { task in
            guard let current = unsafe task?.unownedTaskExecutor else { return nil }
            let executor = all.withLock { all in all.first { unsafe $0.asUnownedTaskExecutor() == current } }
            return unsafe executor?.loop
        }
    }

    private func isOf(_ loop: UInt, _ host: UInt) -> Bool {
        unsafe UInt(bitPattern: self.loop) == loop && UInt(bitPattern: self.host) == host
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { job, executor in
            guard let job = unsafe job, let executor = unsafe executor else { return }
            let task = unsafe unsafeBitCast(job, to: UnownedJob.self)
            unsafe task.runSynchronously(
                on: Unmanaged<LoopExecutor>.fromOpaque(executor).takeUnretainedValue().asUnownedTaskExecutor())
        }
        // A job points to its task, which lives until it has run. Each enqueued job runs exactly once.
        unsafe host.pointee.schedule(
            loop, run, unsafeBitCast(UnownedJob(job), to: UnsafeMutableRawPointer.self),
            Unmanaged.passUnretained(self).toOpaque())
    }
}

/// Work to run on an event loop.
final class LoopJob: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    /// Makes the host run it on `loop`, exactly once, which releases it.
    func schedule(on loop: OpaquePointer?, _ host: UnsafePointer<articled_host>) {
        let run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { job, _ in
            guard let job = unsafe job else { return }
            unsafe Unmanaged<LoopJob>.fromOpaque(job).takeRetainedValue().body()
        }
        unsafe host.pointee.schedule(loop, run, Unmanaged.passRetained(self).toOpaque(), nil)
    }
}
