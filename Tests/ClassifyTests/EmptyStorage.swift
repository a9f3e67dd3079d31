// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit

/// A storage without articles.
struct EmptyStorage: ArticleStorage {
    func lend(id: ArticleID, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent { .missing }
    func lend(key: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent { .missing }
    func lend(
        _ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool
    ) throws(ServiceError) -> Lent { .found }
    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        completion(
            WriteResult(.refused(ServiceError(.unavailable, "this storage takes nothing")), id: ArticleID.generate()))
    }
    func statistics() throws(ServiceError) -> StorageStatistics { StorageStatistics() }
}
