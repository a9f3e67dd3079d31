// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Synchronization

/// Ids that a script has seen.
final class Seen: Sendable {
    private let list = Mutex<[ArticleID?]>([])
    var ids: [ArticleID?] { list.withLock { $0 } }
    func add(_ id: ArticleID?) { list.withLock { $0.append(id) } }
}
