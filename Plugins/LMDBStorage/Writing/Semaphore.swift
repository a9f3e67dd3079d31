internal import CLinux
internal import Glibc

/// A semaphore (sem_overview(7)): one thread waits, others wake it.
///
/// Sendable although it is a pointer: all that is done with it is thread-safe by POSIX.
@safe
final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { unsafe sem_init(semaphore, 0, 0) }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one wait end.
    func signal() { unsafe sem_post(semaphore) }

    /// Waits for a signal.
    func wait() {
        while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
    }

    /// Waits for a signal, but no longer than so, by the monotonic clock: whoever sets the time of day does not disturb it.
    ///
    /// - Returns: whether it came.
    @discardableResult
    func wait(_ nanoseconds: Int) -> Bool {
        unsafe clinux_semaphore_wait(semaphore, clinux_now() &+ UInt64(clamping: nanoseconds)) == 1
    }
}
