// SPDX-License-Identifier: Apache-2.0
public import CLinux
internal import Glibc

/// An open file descriptor that is closed when it goes out of scope.
public struct Descriptor: ~Copyable, Sendable {
    public let number: Int32

    /// Takes over a descriptor. A negative number, the answer of a call that failed, is never closed.
    public init(owning number: Int32) { self.number = number }

    deinit { if number >= 0 { Self.close(number) } }

    /// close(2), for a descriptor that no ``Descriptor`` owns.
    public static func close(_ number: Int32) { _ = Glibc.close(number) }
}

/// Wakes a thread that waits in a ``Poller`` or in ``Wait``: eventfd(2). Any thread may signal it.
public struct EventDescriptor: ~Copyable, Sendable {
    /// Readable from the first signal until it is cleared.
    public let number: Int32

    public init() throws(SystemError) {
        let number = clinux_eventfd()
        guard number >= 0 else { throw SystemError("eventfd") }
        self.number = number
    }

    deinit { Descriptor.close(number) }

    /// Makes it readable. Never blocks; further signals change nothing until it is cleared.
    @inlinable public func signal() { _ = clinux_eventfd_signal(number) }

    /// Takes back all signals so far.
    @inlinable public func clear() { _ = clinux_eventfd_clear(number) }

    /// Has a poller report signals under this token.
    public func watch(with poller: borrowing Poller, token: UInt64) throws(SystemError) {
        try poller.add(number, .readable, token: token)
    }

    /// Waits for a signal, and does not take it back.
    ///
    /// - Returns: false if `deadline` came first.
    public func wait(until deadline: UInt64) -> Bool {
        while !Wait.until(deadline, readable: [number]) {
            if MonotonicClock.now >= deadline { return false }
        }
        return true
    }
}

/// Ends the waiting of a ``Poller`` at a given time: timerfd_create(2).
///
/// A time-out of epoll_wait(2) is set and cancelled with every turn. In a virtual machine that costs a busy loop more
/// than everything else it does for the clock. This timer is set only when an earlier time comes up. It rarely expires
/// in vain.
///
/// A class, so that its loop can hold it by `let`: each access to a variable of the loop would be checked for
/// exclusivity.
public final class TimerDescriptor {
    /// Readable when the timer has expired.
    public let number: Int32
    @usableFromInline var time = UInt64.max

    public init() throws(SystemError) {
        number = clinux_timerfd()
        guard number >= 0 else { throw SystemError("timerfd_create") }
    }

    deinit { Descriptor.close(number) }

    /// Expires at `time` at the latest; `.max` leaves it as it is.
    @inlinable public func arm(by time: UInt64) {
        guard time < self.time else { return }
        self.time = time
        _ = clinux_timerfd_set(number, time)
    }

    /// Does not expire, and is no longer readable, until it is armed again.
    public func disarm() {
        time = .max
        _ = clinux_timerfd_set(number, time)
    }
}

/// Waiting for a few descriptors: poll(2). For threads that are no event loops.
public enum Wait {
    /// Waits until one of the descriptors is readable, or until the time. A signal may end the wait as well.
    ///
    /// - Returns: whether one of them is readable.
    @discardableResult
    public static func until(_ deadline: UInt64, readable descriptors: [Int32]) -> Bool {
        var watched = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        return unsafe poll(&watched, nfds_t(watched.count), MonotonicClock.pollTimeout(until: deadline)) > 0
    }
}
