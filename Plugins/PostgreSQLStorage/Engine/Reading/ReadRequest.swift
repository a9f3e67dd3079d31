// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime
internal import Synchronization

/// Queries that read, and the task that waits for their rows.
final class ReadRequest: Sendable {
    typealias Answer = Result<[Rows], ServiceError>

    private struct State {
        /// A replica may answer.
        var mayBeStale: Bool
        var waiting: CheckedContinuation<Answer, Never>?
        var ended: Answer?
    }

    let queries: [Query]
    /// What fails if they do: "cannot read an article".
    let purpose: String
    /// ``MonotonicClock``.
    let queuedAt = MonotonicClock.now
    private let state: Mutex<State>

    init(_ queries: [Query], _ purpose: String, mayBeStale: Bool) {
        self.queries = queries
        self.purpose = purpose
        state = Mutex(State(mayBeStale: mayBeStale))
    }

    /// A replica may answer.
    var mayBeStale: Bool { state.withLock { $0.mayBeStale } }

    /// A replica could not answer. The primary can.
    func requirePrimary() { state.withLock { $0.mayBeStale = false } }

    /// Keeps the continuation until the request ends. If it has ended, resumes it.
    func begin(_ continuation: CheckedContinuation<Answer, Never>) {
        let ended = state.withLock { state in
            if state.ended == nil { state.waiting = continuation }
            return state.ended
        }
        if let ended { continuation.resume(returning: ended) }
    }

    /// Ends the wait, unless it has ended.
    func end(_ answer: Answer) {
        let waiting = state.withLock { state in
            guard state.ended == nil else { return nil as CheckedContinuation<Answer, Never>? }
            state.ended = answer
            return state.waiting.take()
        }
        waiting?.resume(returning: answer)
    }

    /// Nobody waits any more.
    var hasEnded: Bool { state.withLock { $0.ended != nil } }
}

/// Reads on their way to a connection. For the I/O thread alone.
struct ReadDispatcher {
    /// So many requests are on their way on one connection: enough to keep the server busy, few enough that a slow one does not
    /// hold up many.
    private static let depth = 8

    private let links: [Link]
    private var waiting: [ReadRequest] = []
    private var first = 0

    init(_ links: [Link]) { self.links = links }

    mutating func add(_ requests: [ReadRequest]) { waiting += requests }

    /// Sends what the connections take.
    ///
    /// - Parameter again: takes a request whose connection was lost, and why. Reading twice does no harm.
    mutating func dispatch(again: @escaping (ReadRequest, DatabaseError) -> Void) {
        while first < waiting.count {
            guard let link = links.filter({ $0.isConnected && $0.load < Self.depth }).min(by: { $0.load < $1.load })
            else { break }
            let request = waiting[first]
            first += 1
            if request.hasEnded { continue }
            let isAbandoned = { request.hasEnded }
            link.send(request.queries, isAbandoned: isAbandoned) { answer in
                switch answer {
                case .success(let rows): request.end(.success(rows))
                case .failure(let error) where error.isDisconnected || error.endsConnection: again(request, error)
                // Another query was to be cancelled, which had just ended.
                case .failure(let error) where error.state == "57014" && link.hasCancelled: again(request, error)
                // What the replica had to do for the primary was more urgent than the query.
                case .failure(let error) where request.mayBeStale && error.state.hasPrefix("40"):
                    request.requirePrimary()
                    again(request, error)
                case .failure(let error): request.end(.failure(error.status(request.purpose)))
                }
            }
        }
        if first == waiting.count || first > 1024 {
            waiting.removeFirst(first)
            first = 0
        }
    }

    /// Refuses what has waited since before this time.
    mutating func expire(before time: UInt64, _ error: ServiceError) {
        for request in waiting[first...] where request.queuedAt < time { request.end(.failure(error)) }
        waiting = waiting[first...].filter { !$0.hasEnded }
        first = 0
    }

    /// The service stops.
    mutating func abandon() {
        for request in waiting[first...] {
            request.end(.failure(ServiceError(.unavailable, "the storage is closing: reconnect and retry")))
        }
        (waiting, first) = ([], 0)
    }
}
