import ArticleProtocol
import Synchronization

/// One call, from the task that makes it to the I/O thread and back.
///
/// Both sides touch `shared`, under its lock; `seat` is the I/O thread's alone.
/// @unchecked: `seat` is read and written on the I/O thread only, all else is immutable or behind the lock.
final class Exchange: @unchecked Sendable {
    /// What the caller expects of the method.
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
    /// How many bytes of the answer the caller takes before the service is told.
    let creditStep: Int

    /// Where the I/O thread has put the call.
    struct Seat {
        /// `nil`: not on a connection.
        var connection: Connection?
        var stream: UInt32 = 0
        /// Where the request ends in the connection's stream of bytes: not written whole, it was not carried out.
        var requestEnd: UInt64 = 0
        /// How often it was put on a connection.
        var attempts = 0
        /// Since when it waits for its first or next connection.
        var waitingSince: UInt64 = 0
        /// Not before this time is it tried again.
        var notBefore: UInt64 = 0
        /// An earlier attempt may have been carried out, whatever the last one is told.
        var mayHaveRun = false
        /// Something of the answer was delivered, or of a streamed request sent: it cannot be begun again unseen.
        var begun = false
    }
    var seat = Seat()

    struct Shared: Sendable {
        var arrived = MessageQueue()
        var reader: CheckedContinuation<Delivery, Never>?
        /// `nil`: in flight. `.end` or `.failure`: nothing more will come.
        var outcome: Delivery?
        /// Taken by the caller, not granted again yet.
        var taken = 0

        var outgoing = MessageQueue()
        /// The caller has sent its last message.
        var complete = false
        var writers: [CheckedContinuation<ClientError?, Never>] = []
        /// The service said go-away: streams that could go on elsewhere should, so that it need not wait for them.
        var leaving = false
        /// The I/O thread has been told that there is something to send.
        var announced = false
    }
    let shared = Mutex(Shared())

    init(
        method: String, shape: Shape, request: [UInt8], deadline: UInt64, retry: Retry, window: Int
    ) {
        self.method = method
        self.shape = shape
        self.request = request
        self.deadline = deadline
        self.retry = retry
        creditStep = max(1, window / 2)
    }

    var hasEnded: Bool { shared.withLock { $0.outcome != nil } }
    var isLeaving: Bool { shared.withLock { $0.leaving } }
}

/// Messages in the order in which they came. The first one lives in the structure itself: a call with one answer, the
/// usual case, allocates nothing here.
struct MessageQueue {
    private var first: [UInt8]?
    private var rest: [[UInt8]] = []
    private var head = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { first == nil }

    mutating func append(_ message: [UInt8]) {
        byteCount += message.count
        if first == nil { first = message } else { rest.append(message) }
    }

    /// The message that `popFirst` would give.
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

    mutating func removeAll() { self = MessageQueue() }
}

/// What the reader of a call's answer gets next.
enum Delivery: Sendable {
    case message([UInt8])
    case end
    case failure(ClientError)
}

/// A suspended task with what it has waited for. Collected while the I/O thread works, and resumed when it holds no
/// lock and has sent what it had to send.
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
