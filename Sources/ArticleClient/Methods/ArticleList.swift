public import ArticleProtocol

/// Articles that match a ``ListRequest``, newest first, as they come from the service.
///
/// The service sends only as far ahead as ``ClientOptions/streamWindow`` says, so a slow reader costs neither side memory.
/// If the connection is lost, or the service ends the stream at its time limit, the list goes on behind the last article
/// by itself, on a new connection. A deadline in the policy is that of the whole iteration; without one there is none.
///
/// An article that is damaged, or larger than ``ClientOptions/maxFrame``, ends the list with an error; see
/// ``skipping(_:)``.
public struct ArticleList: AsyncSequence, Sendable {
    public typealias Element = ListedArticle
    public typealias Failure = ClientError

    let client: ArticleClient
    let request: ListRequest
    let policy: CallPolicy
    var report: (@Sendable (ClientError) -> Void)?

    init(client: ArticleClient, request: ListRequest, policy: CallPolicy) {
        self.client = client
        self.request = request
        self.policy = policy
    }

    /// The same list, but one that goes on behind articles that cannot be given, because they are damaged (`dataLoss`) or
    /// larger than this client takes (`resourceExhausted`), and calls `report` for each.
    public func skipping(_ report: @escaping @Sendable (ClientError) -> Void) -> ArticleList {
        var list = self
        list.report = report
        return list
    }

    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let client: ArticleClient
        private var request: ListRequest
        private var renewal: Renewal
        private var call: CallStream?
        private let report: (@Sendable (ClientError) -> Void)?
        private var complete = false
        /// The limit is reached: only the end is still to come.
        private var satisfied = false

        init(_ list: ArticleList) {
            client = list.client
            request = list.request
            report = list.report
            renewal = Renewal(list.policy, list.client.options)
        }

        public mutating func next() async throws(ClientError) -> ListedArticle? {
            while !complete {
                if satisfied {
                    _ = try? await call?.next()
                    break
                }
                let call = call ?? open()
                self.call = call
                do throws(ClientError) {
                    guard let message = try await call.next() else { break }
                    let listed = try take(message)
                    if call.isLeaving, !satisfied { self.call = nil }  // what it was sending is asked for elsewhere
                    if let listed { return listed }
                } catch {
                    guard renewal.allows(error) else {
                        complete = true
                        throw error
                    }
                    self.call = nil
                }
            }
            complete = true
            call = nil
            return nil
        }

        private func open() -> CallStream {
            CallStream(
                client: client,
                exchange: client.begin("fetch.list", .streamedResponse, request.encoded(), renewal.policy))
        }

        /// The article of an item; nil if it is skipped.
        private mutating func take(_ message: [UInt8]) throws(ClientError) -> ListedArticle? {
            let item = try ListItem(message, of: "fetch.list")
            let article: Article
            do throws(ClientError) {
                article = try self.article(item, message)
            } catch {
                guard let report, [.dataLoss, .resourceExhausted].contains(error.status) else { throw error }
                advance(item.cursor)
                report(error)
                return nil
            }
            advance(item.cursor)
            return ListedArticle(article: article, cursor: item.cursor)
        }

        private func article(_ item: ListItem, _ message: [UInt8]) throws(ClientError) -> Article {
            if let status = item.status {
                throw ClientError(.status, StatusCode(rawValue: status.code) ?? .unknown, status.message)
            }
            guard let article = item.article else { throw .violation("fetch.list: an item without an article") }
            if request.view == .full { try article.verify(inMessage: message, field: 1, "fetch.list") }
            return article
        }

        private mutating func advance(_ cursor: [UInt8]) {
            renewal.progressed()
            request.cursor = cursor
            if request.limit > 0 {
                request.limit -= 1
                satisfied = request.limit == 0  // 0 would mean: all
            }
        }
    }
}

/// An article of a list, and where the list can be gone on with: ``ListRequest/cursor``.
public struct ListedArticle: Sendable, Equatable {
    public let article: Article
    public let cursor: [UInt8]
}
