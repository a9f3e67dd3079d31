internal import ArticleProtocol

/// Records in free space, where a recovery has left them: of earlier revisions, of articles that were deleted, and of groups that did not
/// come to disk as a whole. They are cleared, or an index that is made anew later would take them for articles.
struct OrphanRecords {
    let environment: Environment

    init(_ environment: Environment) { self.environment = environment }

    /// Clears them.
    func clear(_ progress: StartProgress) throws(ServiceError) {
        let size = try environment.heap.size()
        let free = try unsafe WriteTransaction.run(environment.handle, environment.path) {
            transaction throws(ServiceError) in
            let space = try HeapSpace(transaction, environment.space, environment.path)
            return try space.freeParts(transaction, environment.space) + [space.end..<max(space.end, size)]
        }
        let scan = HeapScan(file: environment.files.heap, hash: environment.hash)
        for part in free {
            try scan.forEach(
                in: part, progress: { progress.report("looking for unfinished changes: byte \($0)") },
                { found throws(ServiceError) in
                    try environment.heap.clear(Extent(offset: found.location.offset, size: found.location.extent))
                })
        }
    }
}
