import CLinux
import Glibc

/// A counting semaphore: sem_overview(7).
@safe final class Semaphore: @unchecked Sendable {  // the semaphore lies at one place and its functions are thread-safe
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func signal() { unsafe _ = sem_post(semaphore) }

    func wait() {
        while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
    }

    /// Waits no longer than so. `false`: nobody has signalled.
    func wait(seconds: Int) -> Bool {
        let pause = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let end = clinux_now().addingReportingOverflow(pause.partialValue)
        return unsafe clinux_semaphore_wait(semaphore, pause.overflow || end.overflow ? .max : end.partialValue) == 1
    }
}
