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
