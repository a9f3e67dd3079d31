internal import ArticleProtocol
internal import CLMDB

extension WriteTransaction {
    /// Puts a record's entries into the index, in the place of those that it had before.
    func index(
        _ entries: [IndexEntry], insteadOf before: [IndexEntry], _ table: MDB_dbi
    ) throws(ServiceError) {
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        for entry in before where !entries.contains(entry) {
            unsafe try entry.withBytes { bytes throws(ServiceError) in try unsafe delete(bytes, table) }
        }
        for entry in entries where !before.contains(entry) {
            unsafe try entry.withBytes { bytes throws(ServiceError) in try unsafe put(bytes, nothing, table) }
        }
    }
}
