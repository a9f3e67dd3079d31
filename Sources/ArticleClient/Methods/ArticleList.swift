// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

/// The articles that match a `ListRequest`, newest first, as they arrive from the service.
///
/// Each iteration lists from the start. The service sends at most ``ClientOptions/streamWindow`` bytes ahead of the
/// reader, so a slow reader uses no memory on either side. If the connection is lost, or the service ends the stream at
/// its time limit, the list continues after the last article on a new stream. With several endpoints, that may be at
/// another one with the same storage; one with another storage does not continue the list. A deadline in the policy covers the whole
/// iteration; without one there is no deadline.
///
/// An article that is damaged, or larger than ``ClientOptions/maxFrame``, ends the list with an error. See
/// ``skipping(_:)``.
public struct ArticleList: AsyncSequence, Sendable {
    /// An article with its cursor.
    public typealias Element = ListedArticle
    /// Reading throws ``ClientError`` and nothing else.
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

    /// The same list, but articles that are damaged (`dataLoss`) or larger than ``ClientOptions/maxFrame``
    /// (`resourceExhausted`) are skipped.
    ///
    /// - Parameter report: is called with the error of each skipped article, in the reader's task.
    public func skipping(_ report: @escaping @Sendable (ClientError) -> Void) -> ArticleList {
        var list = self
        list.report = report
        return list
    }

    /// Begins to list.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads the articles of a list.
    public struct Iterator: AsyncIteratorProtocol {
        private let client: ArticleClient
        private var request: ListRequest
        private var renewal: Renewal
        private var call: CallStream?
        private let report: (@Sendable (ClientError) -> Void)?
        private var complete = false
        /// The index of the endpoint that returned the cursor of `request`, and the article that had it. `nil`: the caller
        /// gave it, or there is only one endpoint.
        private var origin: (endpoint: Int, last: Article)?
        /// The limit is reached. Only the end of the stream is still to come.
        private var satisfied = false

        init(_ list: ArticleList) {
            client = list.client
            request = list.request
            report = list.report
            renewal = Renewal(list.policy, list.client)
        }

        /// The next article; `nil` at the end of the list.
        public mutating func next() async throws(ClientError) -> ListedArticle? {
            while !complete {
                if satisfied {
                    _ = try? await call?.next()
                    break
                }
                let call = if let call { call } else { try await open() }
                self.call = call
                do throws(ClientError) {
                    guard let message = try await call.next() else { break }
                    let listed = try take(message)
                    note(listed, call)
                    // The next stream repeats what this one was sending.
                    if call.isDraining, !satisfied { self.call = nil }
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

        private mutating func open() async throws(ClientError) -> CallStream {
            var allowed = UInt64.max
            if let origin {
                do throws(ClientError) {
                    let index = try await client.endpoint(
                        continuing: origin.last, from: origin.endpoint, policy: renewal.policy)
                    allowed = 1 << UInt64(index)
                } catch {
                    complete = true
                    throw error
                }
            }
            return CallStream(
                client: client,
                exchange: client.begin(
                    "fetch.list", .streamedResponse, request.encoded(), renewal.policy, allowed: allowed))
        }

        /// Remembers where the cursor comes from.
        private mutating func note(_ listed: ListedArticle?, _ call: CallStream) {
            guard client.endpoints.count > 1, let listed, listed.article.id != nil, let endpoint = call.upstream else {
                return
            }
            origin = (endpoint, listed.article)
        }

        /// The article of an item; `nil` if it is skipped.
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
            guard let article = item.article else {
                throw .violation("fetch.list: an item has neither an article nor a status")
            }
            if request.view == .full { try article.verify(inMessage: message, field: 1, "fetch.list") }
            return article
        }

        private mutating func advance(_ cursor: [UInt8]) {
            renewal.progressed()
            request.cursor = cursor
            if request.limit > 0 {
                request.limit -= 1
                satisfied = request.limit == 0  // a limit of 0 in a request means all
            }
        }
    }
}

/// An article of a list, with its cursor.
public struct ListedArticle: Sendable, Equatable {
    /// The article, as much of it as the list's view has.
    public let article: Article
    /// Continues the list after this article, if set as the `cursor` of a `ListRequest`. It stays valid.
    public let cursor: [UInt8]
}
