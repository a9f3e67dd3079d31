// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
internal import Glibc

/// A request as passed to ``Handler/answer(_:_:)``. It is lent for the duration of the call; its bytes are in the
/// connection's buffer.
public struct Request: ~Copyable, ~Escapable {
    /// The index of the method in ``PluginDescriptor/methods``.
    public let method: Int
    /// The encoded request message. Empty for a streamed request, whose messages come later: see ``Call/messages``.
    public let payload: RawSpan
    /// The request's number, unique within the process. Log lines refer to it.
    public let id: UInt64
    /// When the answer is no longer of use; `nil` if the client set no deadline.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    /// Whether the client sends more messages.
    public let isStreamed: Bool

    @_lifetime(copy payload)
    init(method: Int, payload: RawSpan, id: UInt64, deadline: Deadline?, peer: Peer, isStreamed: Bool) {
        self.method = method
        self.payload = payload
        self.id = id
        self.deadline = deadline
        self.peer = peer
        self.isStreamed = isStreamed
    }
}

/// A request as passed to ``Handler/handle(_:_:)``. It may be kept, and used on any thread.
public struct Call: Sendable {
    /// The index of the method in ``PluginDescriptor/methods``.
    public let method: Int
    /// The encoded request message. Empty for a streamed request: see ``messages``.
    public let payload: [UInt8]
    /// The request's number, unique within the process. Log lines refer to it.
    public let id: UInt64
    /// When the answer is no longer of use; the task is cancelled then. `nil` if the client set no deadline.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    let state: CallState

    /// The encoded messages of a streamed request; empty if the request is not streamed. Read them once. Unread
    /// messages hold the client back.
    public var messages: RequestMessages { RequestMessages(state: state) }

    /// Why the answer is no longer needed: `cancelled`, `deadlineExceeded` or `unavailable`. `nil` while it is. May
    /// be read on any thread.
    public var cancellation: ServiceError? { state.cancellation }

    /// Ends the request's task with an error, as a cancellation by the client does: the task is cancelled, and what waits
    /// for messages or credit throws `reason`. Let it leave `handle`. May be called on any thread.
    ///
    /// For a stream without end when the service stops: see ``Handler/drain()``.
    public func cancel(_ reason: ServiceError) { state.cancel(reason) }
}

/// The encoded messages of a streamed request, in the order in which the client sent them.
///
/// Reading a message returns its credit, so that the client may send more. The sequence ends after the client's last
/// message. It throws a `ServiceError` if the request ends before that.
public struct RequestMessages: AsyncSequence, Sendable {
    /// An encoded message.
    public typealias Element = [UInt8]
    /// Why the request ended.
    public typealias Failure = ServiceError

    let state: CallState

    /// Reads messages, one at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let state: CallState

        /// The next message; `nil` after the last one. Throws if the request ends first.
        public mutating func next() async throws(ServiceError) -> [UInt8]? { try await state.nextMessage() }

        /// The next message; `nil` after the last one. Throws if the request ends first.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ServiceError) -> [UInt8]? {
            try await state.nextMessage()
        }
    }

    /// Creates an iterator. Use only one.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(state: state) }
}

/// The sender of a request.
public struct Peer: Sendable, Equatable {
    /// What it may do.
    public let roles: Role
    /// Its user id, if it is connected by a Unix socket.
    public let user: UInt32?
    /// Its group id, if it is connected by a Unix socket.
    public let group: UInt32?
    /// Its process id, if it is connected by a Unix socket.
    public let process: UInt32?
}

/// The time after which the answer to a request is no longer of use.
public struct Deadline: Sendable, Comparable {
    /// A time of CLOCK_MONOTONIC (clock_gettime(2)), in nanoseconds.
    public let nanoseconds: UInt64

    /// Creates a deadline from a time of CLOCK_MONOTONIC, in nanoseconds.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The current time.
    public static var now: Deadline {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        // The kernel's monotonic clock is never negative and takes 584 years to fill 64 bits. A library that fakes
        // the time may return negative values; they are converted as in articled itself.
        return Deadline(
            nanoseconds: UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
                &+ UInt64(truncatingIfNeeded: time.tv_nsec))
    }

    /// Whether the deadline has passed.
    public var hasPassed: Bool { self <= .now }

    /// The time that is left; zero if the deadline has passed.
    public var remaining: Duration {
        let now = Deadline.now
        return now < self ? .nanoseconds(Int64(clamping: nanoseconds - now.nanoseconds)) : .zero
    }

    /// Earlier deadlines come first.
    public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
