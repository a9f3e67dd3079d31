// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Reads on their way to a connection. For the I/O thread alone.
///
/// What a query costs the database is mostly not the reading. So requests for single articles that wait at the same time share
/// a query; the more there are, the larger it is.
struct ReadDispatcher {
    /// So many queries are on their way on one connection: the server has the next one at once, and few wait behind a slow one.
    private static let depth = 3
    /// The most articles of one query, whose rows are in memory together.
    private static let shared = 8

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
            let free = links.filter { $0.isConnected && $0.load < Self.depth }
            guard let link = free.min(by: { $0.load < $1.load }) else { break }
            // All connections that are free get a share.
            let share = (waiting.count - first + free.count - 1) / free.count
            let requests = next(min(share, Self.shared))
            if requests.isEmpty { continue }
            let areAbandoned = { requests.allSatisfy(\.hasEnded) }
            link.send(Self.queries(requests), isAbandoned: areAbandoned) { answer in
                switch answer {
                case .success(let rows):
                    for request in requests { request.end(.success(rows)) }
                case .failure(let error):
                    let wasCancelled = link.hasCancelled
                    for request in requests { Self.fail(request, error, wasCancelled: wasCancelled, again) }
                }
            }
        }
        if first == waiting.count || first > 1024 {
            waiting.removeFirst(first)
            first = 0
        }
    }

    /// Takes the next requests that can be sent together: at least one of those that wait, and none that has ended.
    private mutating func next(_ most: Int) -> [ReadRequest] {
        var requests: [ReadRequest] = []
        while first < waiting.count, requests.count < most {
            let request = waiting[first]
            if !request.hasEnded {
                guard case .article = request.subject else {
                    if !requests.isEmpty { break }
                    first += 1
                    return [request]
                }
                requests.append(request)
            }
            first += 1
        }
        return requests
    }

    private static func queries(_ requests: [ReadRequest]) -> [Query] {
        if let only = requests.first, case .queries(let queries) = only.subject { return queries }
        let ids = requests.compactMap { if case .article(let id) = $0.subject { id } else { nil } }
        return [ids.count == 1 ? Query(.get) { $0.add(ids[0]) } : Query(.getSeveral) { $0.add(ids: ids) }]
    }

    /// - Parameter wasCancelled: a query of the connection was to be cancelled.
    private static func fail(
        _ request: ReadRequest, _ error: DatabaseError, wasCancelled: Bool,
        _ again: (ReadRequest, DatabaseError) -> Void
    ) {
        if error.isDisconnected || error.endsConnection {
            again(request, error)
        } else if error.state == "57014", wasCancelled {
            // Another query was meant, which had just ended.
            again(request, error)
        } else if request.mayBeStale, error.state.hasPrefix("40") {
            // What the replica had to do for the primary was more urgent than the query.
            request.requirePrimary()
            again(request, error)
        } else {
            request.end(.failure(error.status(request.purpose)))
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
