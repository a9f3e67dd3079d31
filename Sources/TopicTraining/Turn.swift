import Glibc

/// Lets one thread at a time through. The work in between takes seconds, so this is a lock that sleeps; it is taken and
/// given back by the same thread, with no await in between.
@safe final class Turn: @unchecked Sendable {  // the mutex lies at one place and its functions are thread-safe
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe _ = pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe _ = pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    func wait() { unsafe _ = pthread_mutex_lock(mutex) }

    func signal() { unsafe _ = pthread_mutex_unlock(mutex) }
}
