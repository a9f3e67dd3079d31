internal import ArticleProtocol
internal import CLinux
internal import Glibc

/// A thread of our own: a commit blocks for as long as the disk takes, which no thread of Swift's pool may.
///
/// Sendable although it holds a thread's number: it is written once, before anyone else sees this.
final class WriterThread: @unchecked Sendable {
    private let thread: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread.
    init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) throws(ServiceError) {
        // Signals are the process's business. SIGXFSZ in particular: blocked, a file that hits its limit is EFBIG.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        let context = unsafe Unmanaged.passRetained(
            Body {
                unsafe clinux_name_thread(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
                body()
            }
        ).toOpaque()
        var thread: pthread_t = 0
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard code == 0 else {
            unsafe Unmanaged<Body>.fromOpaque(context).release()
            throw ServiceError(lmdb: code, "cannot start a thread")
        }
        self.thread = thread
    }

    /// Waits for its end. Once.
    func join() { pthread_join(thread, nil) }
}
