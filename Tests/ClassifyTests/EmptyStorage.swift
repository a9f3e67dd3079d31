// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit

/// A storage without articles.
struct EmptyStorage: ArticleStorage {
    func read(id: ArticleID, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool { false }
    func read(key: RawSpan, _ lend: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Bool { false }
    func scan(_ query: StorageQuery, _ visit: (borrowing StoredRecord) -> Bool) throws(ServiceError) {}
    func write(_ write: borrowing StorageWrite, completion: @escaping @Sendable (WriteResult) -> Void) {
        completion(
            WriteResult(.refused(ServiceError(.unavailable, "this storage takes nothing")), id: ArticleID.generate()))
    }
    func statistics() throws(ServiceError) -> StorageStatistics { StorageStatistics() }
}
