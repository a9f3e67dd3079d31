// SPDX-License-Identifier: Apache-2.0
internal import CLinux
public import Glibc

/// A counting semaphore between threads: sem_overview(7). For tasks use a continuation: a wait blocks its thread.
@safe
public final class Semaphore: @unchecked Sendable {
    // Sendable although it is a pointer: the semaphore never moves, and its functions are thread-safe by POSIX.
    @usableFromInline let semaphore: UnsafeMutablePointer<sem_t>

    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one wait end.
    @inlinable public func signal() { unsafe sem_post(semaphore) }

    /// Waits for a signal.
    @inlinable public func wait() {
        while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
    }

    /// Waits for a signal, but no longer than the given time. The clock is the monotonic one, so setting the time of
    /// day does not disturb it.
    ///
    /// - Returns: whether the signal came.
    @discardableResult
    public func wait(nanoseconds: UInt64) -> Bool {
        unsafe clinux_semaphore_wait(semaphore, MonotonicClock.after(nanoseconds: nanoseconds)) == 1
    }
}
