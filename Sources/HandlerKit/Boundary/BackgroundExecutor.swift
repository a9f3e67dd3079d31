// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI

/// Runs tasks on the plugin's background threads, which the host provides. There they may block.
final class BackgroundExecutor: TaskExecutor, Sendable {
    private let host: Host

    private init(_ host: Host) { self.host = host }

    /// Creates one that is never released: a job refers to its executor without retaining it.
    static func immortal(_ host: Host) -> BackgroundExecutor {
        let executor = BackgroundExecutor(host)
        _ = unsafe Unmanaged.passRetained(executor)
        return executor
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { job, executor in
            guard let job = unsafe job, let executor = unsafe executor else { return }
            let task = unsafe unsafeBitCast(job, to: UnownedJob.self)
            unsafe task.runSynchronously(
                on: Unmanaged<BackgroundExecutor>.fromOpaque(executor).takeUnretainedValue().asUnownedTaskExecutor())
        }
        // A job points to its task, which lives until it has run. Each enqueued job runs exactly once.
        unsafe host.table.pointee.background(
            host.plugin, run, unsafeBitCast(UnownedJob(job), to: UnsafeMutableRawPointer.self),
            Unmanaged.passUnretained(self).toOpaque())
    }
}
