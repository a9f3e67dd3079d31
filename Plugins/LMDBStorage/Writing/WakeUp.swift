internal import Glibc

/// A semaphore (sem_overview(7)): one thread waits, others wake it.
///
/// Sendable although it is a pointer: all that is done with it is thread-safe by POSIX.
@safe
final class WakeUp: @unchecked Sendable {
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

    /// Waits for a signal, but no longer than so.
    ///
    /// - Returns: whether it came.
    @discardableResult
    func wait(_ nanoseconds: Int) -> Bool {
        var end = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &end)
        let sum = end.tv_nsec + nanoseconds
        end.tv_sec += sum / 1_000_000_000
        end.tv_nsec = sum % 1_000_000_000
        while unsafe sem_timedwait(semaphore, &end) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}
