// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A thread that runs a closure once: pthreads(7). For code that may block, which must not run on Swift's own pool.
///
/// Signals stay with the program's other threads. SIGXFSZ in particular: while it is blocked, a write past the file
/// size limit fails with EFBIG. Only the signals of a fault stay open, so that a crash is reported as one.
public struct Thread: Sendable {
    private let thread: pthread_t

    /// Starts a thread that must be joined.
    ///
    /// - Parameter name: as ps(1) and gdb(1) show it; the kernel keeps 15 bytes.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        thread = try Self.start(name, body)
    }

    /// Waits until the closure has returned. Call it once.
    public func join() { _ = pthread_join(thread, nil) }

    /// Starts a thread that nobody waits for.
    public static func detach(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        _ = pthread_detach(try start(name, body))
    }

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) -> pthread_t {
        var blocked = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&blocked)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { unsafe sigdelset(&blocked, fault) }
        // A new thread inherits the mask.
        unsafe pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

        // The thread takes over this reference. If there is no thread, it is given back below.
        let work = unsafe Unmanaged.passRetained(Work(name, body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                unsafe clinux_name_thread(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            unsafe work.release()
            throw SystemError("pthread_create", code: code)
        }
        return thread
    }

    private final class Work {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
