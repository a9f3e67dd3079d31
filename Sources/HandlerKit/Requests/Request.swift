public import ArticleProtocol
internal import Glibc

/// A request as ``Handler/answer(_:_:)`` sees it: lent, its bytes still in the connection's buffer.
public struct Request: ~Copyable, ~Escapable {
    /// Which of the descriptor's methods, from 0.
    public let method: Int
    /// The encoded request message. Empty for a streamed request, whose messages come later: see ``Call/messages``.
    public let payload: RawSpan
    /// Its number, unique in this process; the journal names it.
    public let id: UInt64
    /// When its answer is of no use any more, if ever.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    /// Whether the client sends further messages.
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

/// A request as ``Handler/handle(_:_:)`` sees it: its own, for as long as it takes.
public struct Call: Sendable {
    /// Which of the descriptor's methods, from 0.
    public let method: Int
    /// The encoded request message. Empty for a streamed request: see ``messages``.
    public let payload: [UInt8]
    /// Its number, unique in this process; the journal names it.
    public let id: UInt64
    /// When its answer is of no use any more, if ever. The task is cancelled then.
    public let deadline: Deadline?
    /// Who sent it.
    public let peer: Peer
    let state: CallState

    /// The messages of a streamed request, each encoded; none if it is not streamed. To be read once. What is not read
    /// yet holds the client back.
    public var messages: RequestMessages { RequestMessages(state: state) }

    /// Why nobody waits for the answer any more: `cancelled`, `deadlineExceeded`, `unavailable`. `nil` as long as somebody does.
    public var cancellation: ServiceError? { state.cancellation }
}

/// The messages of a streamed request, each encoded, in the client's order.
///
/// A message that is taken gives its credit back, and the client may send as much more. Ends with the client's last
/// message; throws what ended the request if that comes first.
public struct RequestMessages: AsyncSequence, Sendable {
    /// An encoded message.
    public typealias Element = [UInt8]
    /// What ended the request.
    public typealias Failure = ServiceError

    let state: CallState

    /// Takes messages, one at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let state: CallState

        /// The next message; `nil` behind the last one.
        public mutating func next() async throws(ServiceError) -> [UInt8]? { try await state.nextMessage() }

        /// The next message; `nil` behind the last one.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ServiceError) -> [UInt8]? {
            try await state.nextMessage()
        }
    }

    /// Begins to take messages.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(state: state) }
}

/// Who sent a request.
public struct Peer: Sendable, Equatable {
    /// What it may do.
    public let roles: Role
    /// Its user, if it came over a Unix socket.
    public let user: UInt32?
    /// Its group, if it came over a Unix socket.
    public let group: UInt32?
    /// Its process, if it came over a Unix socket.
    public let process: UInt32?
}

/// When a request's answer is of no use any more.
public struct Deadline: Sendable, Comparable {
    /// CLOCK_MONOTONIC of clock_gettime(2), in nanoseconds.
    public let nanoseconds: UInt64

    /// A point of CLOCK_MONOTONIC, in nanoseconds.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The present.
    public static var now: Deadline {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        // The kernel's monotonic clock is never negative and takes 584 years to fill 64 bits. That of a library which
        // fakes the time may be negative: then it is as articled itself reads it.
        return Deadline(
            nanoseconds: UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
                &+ UInt64(truncatingIfNeeded: time.tv_nsec))
    }

    /// Whether it is too late.
    public var hasPassed: Bool { self <= .now }

    /// How long there is still; zero if it has passed.
    public var remaining: Duration {
        let now = Deadline.now
        return now < self ? .nanoseconds(Int64(clamping: nanoseconds - now.nanoseconds)) : .zero
    }

    /// Earlier comes first.
    public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
