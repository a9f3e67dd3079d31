// SPDX-License-Identifier: Apache-2.0
public import CLinux

/// Which descriptors are ready: epoll(7), level-triggered. For one thread alone.
@safe public struct Poller: ~Copyable {
    /// What a descriptor is ready for, or is watched for.
    public struct Readiness: OptionSet, Sendable {
        public let rawValue: UInt32

        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

        @inlinable public static var readable: Readiness { Readiness(rawValue: UInt32(CLINUX_READABLE)) }
        @inlinable public static var writable: Readiness { Readiness(rawValue: UInt32(CLINUX_WRITABLE)) }
        @inlinable public static var failed: Readiness { Readiness(rawValue: UInt32(CLINUX_ERROR)) }
        @inlinable public static var hungUp: Readiness { Readiness(rawValue: UInt32(CLINUX_HANGUP)) }
        /// Of several pollers that watch a descriptor, not all are woken.
        @inlinable public static var exclusive: Readiness { Readiness(rawValue: UInt32(CLINUX_EXCLUSIVE)) }
    }

    @usableFromInline let descriptor: Int32
    @usableFromInline let ready: UnsafeMutableBufferPointer<clinux_event>

    /// - Parameter capacity: how many ready descriptors one `wait` reports, 1 to 256. The others are as ready in the
    ///   next.
    public init(capacity: Int = 256) throws(SystemError) {
        descriptor = clinux_epoll_create()
        guard descriptor >= 0 else { throw SystemError("epoll_create1") }
        unsafe ready = .allocate(capacity: min(max(capacity, 1), 256))
    }

    deinit {
        Descriptor.close(descriptor)
        unsafe ready.deallocate()
    }

    /// Watches a descriptor.
    ///
    /// - Parameter token: names the descriptor in `event`.
    public func add(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor, target, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Watches a descriptor for something else.
    public func modify(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        guard clinux_epoll_modify(descriptor, target, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Watches a descriptor no longer.
    public func remove(_ target: Int32) {
        // It fails only for a descriptor that is not watched: then there is nothing to remove.
        _ = clinux_epoll_remove(descriptor, target)
    }

    /// Waits until a descriptor is ready or the time-out has passed.
    ///
    /// - Parameter timeout: milliseconds; -1 for ever.
    /// - Returns: how many are ready; `event` tells which.
    @inlinable public func wait(timeout: Int32) -> Int {
        // A signal counts as the time-out: the caller's turn goes on all the same.
        max(0, Int(unsafe clinux_epoll_wait(descriptor, ready.baseAddress, Int32(ready.count), timeout)))
    }

    /// What the last `wait` found: the descriptor's token, and what it is ready for.
    @inlinable public func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = unsafe ready[index]
        return (event.token, Readiness(rawValue: event.events))
    }
}
