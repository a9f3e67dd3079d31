import CLinux

/// Which descriptors are ready: epoll(7), level-triggered. Used by the thread of its event loop alone.
@safe struct Poller: ~Copyable {
    /// What a descriptor is ready for, or is watched for.
    struct Readiness: OptionSet {
        let rawValue: UInt32

        static let readable = Readiness(rawValue: UInt32(CLINUX_READABLE))
        static let writable = Readiness(rawValue: UInt32(CLINUX_WRITABLE))
        static let failed = Readiness(rawValue: UInt32(CLINUX_ERROR))
        static let hungUp = Readiness(rawValue: UInt32(CLINUX_HANGUP))
        /// Of several pollers that watch a descriptor, not all are woken.
        static let exclusive = Readiness(rawValue: UInt32(CLINUX_EXCLUSIVE))
    }

    private let descriptor: Int32
    private let ready: UnsafeMutableBufferPointer<clinux_event>

    init() throws(SystemError) {
        descriptor = clinux_epoll_create()
        guard descriptor >= 0 else { throw SystemError("epoll_create1") }
        unsafe ready = .allocate(capacity: 256)
    }

    deinit {
        SystemCall.close(descriptor)
        unsafe ready.deallocate()
    }

    func add(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor, target, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    func modify(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        guard clinux_epoll_modify(descriptor, target, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    func remove(_ target: Int32) {
        // It fails only for a descriptor that is not watched: then there is nothing to remove.
        _ = clinux_epoll_remove(descriptor, target)
    }

    /// Waits until a descriptor is ready or the time-out has passed.
    ///
    /// - Parameter timeout: milliseconds; -1 for ever.
    /// - Returns: how many are ready; `event` tells which.
    func wait(timeout: Int32) -> Int {
        // A signal counts as the time-out: the loop's turn goes on all the same.
        max(0, Int(unsafe clinux_epoll_wait(descriptor, ready.baseAddress, Int32(ready.count), timeout)))
    }

    /// What the last `wait` found: the descriptor's token, and what it is ready for.
    func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = unsafe ready[index]
        return (event.token, Readiness(rawValue: event.events))
    }
}
