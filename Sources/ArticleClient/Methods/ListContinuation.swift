// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

// Where a list that has begun can go on.
extension ArticleClient {
    private enum Finding: Sendable {
        /// The endpoint can continue the list.
        case continues
        /// The endpoint has another storage.
        case isForeign
        case failed(ClientError)
    }

    /// Finds an endpoint that can continue a list: the one where it began, or another one with the same storage. It takes
    /// the first that answers so.
    ///
    /// A cursor of a list does not tell its storage. Continued in another storage, the list would silently be of both. So an
    /// endpoint must have the article that was listed last, at the revision and the time of storing that were listed.
    ///
    /// - Returns: the index of the endpoint.
    func endpoint(
        continuing last: Article, from origin: Int, policy: CallPolicy
    ) async throws(ClientError) -> Int {
        let deadline = min(policy.deadline ?? options.reconnectTimeout, options.reconnectTimeout)
        let policy = CallPolicy(deadline: deadline, retry: .idempotent)
        let (found, findings) = await withTaskGroup(of: (Int, Finding).self) { group in
            for index in endpoints.indices {
                group.addTask { (index, await self.finding(at: index, last, isOrigin: index == origin, policy)) }
            }
            var findings: [Int: Finding] = [:]
            for await (index, finding) in group {
                if case .continues = finding {
                    group.cancelAll()
                    return (index as Int?, findings)
                }
                findings[index] = finding
            }
            return (nil, findings)
        }
        if let found { return found }
        if Task.isCancelled { throw .cancelled("fetch.list") }
        throw discontinued(last, origin, findings)
    }

    private func finding(at index: Int, _ last: Article, isOrigin: Bool, _ policy: CallPolicy) async -> Finding {
        let request = isOrigin ? PingRequest().encoded() : GetRequest(id: last.id, view: .summary).encoded()
        let exchange = begin(
            isOrigin ? "service.ping" : "fetch.get", .unary, request, policy, allowed: 1 << UInt64(index))
        do throws(ClientError) {
            guard let bytes = try await exchange.next(mailbox) else { return .isForeign }
            if isOrigin { return .continues }
            let article = try Article(bytes, of: "fetch.get")
            return article.revision == last.revision && article.storedAt == last.storedAt ? .continues : .isForeign
        } catch {
            return error.status == .notFound ? .isForeign : .failed(error)
        }
    }

    private func discontinued(_ last: Article, _ origin: Int, _ findings: [Int: Finding]) -> ClientError {
        let reasons = findings.sorted { $0.key < $1.key }.map { index, finding in
            switch finding {
            case .failed(let error): "\(endpoints[index]): \(error.message)"
            case .isForeign, .continues:
                "\(endpoints[index]) does not have article \(last.id.map { "\($0)" } ?? "") as it was listed last, so its "
                    + "storage is another one, or the article was changed"
            }
        }
        return .connection(
            "fetch.list: the list began at \(endpoints[origin]), and no endpoint can continue it: "
                + reasons.joined(separator: "; "))
    }
}
