import Glibc

/// A detached thread of its own for what must not block one of the runtime's.
enum IOThread {
    private final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts it. Signals stay with the program's other threads.
    static func start(_ run: @escaping @Sendable () -> Void) -> SystemError? {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        // The thread takes over the reference that is made here, once; if there is no thread, it is given back below.
        let work = unsafe Unmanaged.passRetained(Work(run))
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard failure == 0 else {
            unsafe work.release()
            return SystemError(number: failure)
        }
        pthread_detach(thread)
        return nil
    }
}
