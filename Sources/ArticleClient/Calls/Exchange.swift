// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Synchronization

/// One call, shared by the calling task and the I/O thread.
///
/// Both sides use `shared`, under its lock. Only the I/O thread uses `placement`.
/// @unchecked: `placement` is read and written on the I/O thread only; everything else is immutable or behind the lock.
final class Exchange: @unchecked Sendable {
    /// Which sides of the call are streamed.
    enum Shape: Sendable {
        case unary, streamedResponse, streamedRequest, streamedBoth

        var sends: Bool { self == .streamedRequest || self == .streamedBoth }
        var streamsResponse: Bool { self == .streamedResponse || self == .streamedBoth }
    }

    let method: String
    let shape: Shape
    /// The request message; empty if the request is streamed.
    let request: [UInt8]
    /// CLOCK_MONOTONIC, nanoseconds; `UInt64.max`: none.
    let deadline: UInt64
    let retry: Retry
    /// The longest time without a message while the caller waits for one, in nanoseconds; `UInt64.max`: no limit. Only for
    /// streams with heartbeats.
    let silence: UInt64
    /// The endpoints that can serve the call, as a set of bits by index. A request that continues what one endpoint began
    /// is of no use elsewhere.
    let allowed: UInt64
    /// How many bytes of the response the caller consumes before credit is returned.
    let creditStep: Int

    /// The call's place on a connection, and the history of its attempts.
    struct Placement {
        /// `nil`: not on a connection.
        var connection: ClientConnection?
        var stream: UInt32 = 0
        /// Where the request ends in the connection's byte stream. A request that was not written completely was not
        /// carried out.
        var requestEnd: UInt64 = 0
        /// How often the call was placed on a connection.
        var attempts = 0
        /// Since when the call has been waiting for its first or next connection.
        var waitingSince: UInt64 = 0
        /// The endpoints that have refused the call, or were lost with it, since it last paused.
        var refusals: UInt64 = 0
        /// The call is not sent again before this time.
        var retryTime: UInt64 = 0
        /// An earlier attempt may have been carried out, whatever the response to the last attempt.
        var mayHaveRun = false
        /// A part of the response was delivered, or a part of a streamed request was sent. The call can no longer be
        /// restarted without the caller noticing.
        var begun = false
        /// When a message last arrived, or credit was granted.
        var lastHeard: UInt64 = 0
    }
    var placement = Placement()

    struct Shared: Sendable {
        var arrived = MessageBuffer()
        var reader: CheckedContinuation<Delivery, Never>?
        /// `nil`: in flight. `.end` or `.failure`: no more messages will arrive.
        var outcome: Delivery?
        /// Bytes consumed by the caller for which no credit was returned yet.
        var taken = 0

        var outgoing = MessageBuffer()
        /// The caller has sent its last message.
        var complete = false
        var writers: [CheckedContinuation<ClientError?, Never>] = []
        /// The service sent GO_AWAY. Streams that can continue on another connection should, so that it need not wait.
        var draining = false
        /// The index of the endpoint that a stream was last sent to.
        var upstream: Int?
        /// The I/O thread knows that there is something to send.
        var announced = false
    }
    let shared = Mutex(Shared())

    init(
        method: String, shape: Shape, request: [UInt8], deadline: UInt64, retry: Retry, window: Int,
        silence: UInt64 = .max, allowed: UInt64 = .max, avoided: UInt64 = 0
    ) {
        self.method = method
        self.shape = shape
        self.request = request
        self.deadline = deadline
        self.retry = retry
        self.silence = silence
        self.allowed = allowed
        placement.refusals = avoided
        creditStep = max(1, window / 2)
    }

    var hasEnded: Bool { shared.withLock { $0.outcome != nil } }
    /// A task waits for the next message.
    var isAwaited: Bool { shared.withLock { $0.reader != nil } }
    /// The index of the endpoint that a stream was last sent to.
    var upstream: Int? { shared.withLock { $0.upstream } }
    var isDraining: Bool { shared.withLock { $0.draining } }
}

/// A FIFO of messages. The first message is stored inline, so that a call with one response message, the common case,
/// allocates nothing here.
struct MessageBuffer {
    private var first: [UInt8]?
    private var rest: [[UInt8]] = []
    private var head = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { first == nil }

    mutating func append(_ message: [UInt8]) {
        byteCount += message.count
        if first == nil { first = message } else { rest.append(message) }
    }

    /// The message that `popFirst` would return.
    var next: [UInt8]? { first }

    mutating func popFirst() -> [UInt8]? {
        guard let message = first else { return nil }
        byteCount -= message.count
        first = nil
        if head < rest.count {
            first = rest[head]
            rest[head] = []
            head += 1
            if head == rest.count {
                rest.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 64, head > rest.count / 2 {
                rest.removeFirst(head)
                head = 0
            }
        }
        return message
    }

    mutating func removeAll() { self = MessageBuffer() }
}

/// What the reader of a response receives next.
enum Delivery: Sendable {
    case message([UInt8])
    case end
    case failure(ClientError)
}

/// A suspended task with the value that it waits for. The I/O thread collects these while it works. It resumes the
/// tasks when it holds no lock and has sent everything.
enum Resumption: Sendable {
    case reader(CheckedContinuation<Delivery, Never>, Delivery)
    case writer(CheckedContinuation<ClientError?, Never>, ClientError?)
    case closer(CheckedContinuation<Void, Never>)

    func resume() {
        switch self {
        case .reader(let continuation, let delivery): continuation.resume(returning: delivery)
        case .writer(let continuation, let error): continuation.resume(returning: error)
        case .closer(let continuation): continuation.resume()
        }
    }
}
