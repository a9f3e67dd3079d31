internal import ArticleProtocol
internal import Glibc

extension Environment {
    /// Opens the index of a directory, which is locked, beside the heap with this head.
    static func open(
        in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, _ disk: any Disk
    ) throws(ServiceError) -> Environment {
        guard let file = try DatabaseFile.inspect(directory.database) else {
            throw DatabaseFile.damaged(directory.database, "it is missing")
        }
        guard file.pageSize == Int(getpagesize()) else {
            throw DatabaseFile.damaged(
                directory.database, "it has pages of \(file.pageSize) bytes, this machine of \(getpagesize())")
        }
        let environment = try Environment(
            directory.database, in: directory, head, limits, mapSize: max(limits.mapSize, file.usedBytes), disk)
        do throws(ServiceError) {
            let end = try environment.heapEnd()
            let size = try environment.heap.size()
            guard size >= end else {
                throw HeapHead.mismatch(directory.heap, "it has \(size) bytes, and the index needs \(end)")
            }
        } catch {
            environment.close()
            throw error
        }
        return environment
    }

    /// Makes an empty index in a file of its own, for ``put(inPlaceOf:)``.
    static func make(
        in directory: DataDirectory, _ head: HeapHead, _ limits: EngineLimits, _ disk: any Disk
    ) throws(ServiceError) -> Environment {
        let path = directory.unfinished
        unsafe unlink(path)
        unsafe unlink(path + "-lock")
        return try Environment(path, in: directory, head, limits, mapSize: limits.mapSize, disk, isNew: true)
    }

    /// Where the records end.
    private func heapEnd() throws(ServiceError) -> Int {
        try unsafe WriteTransaction.run(handle, path) { transaction throws(ServiceError) in
            try HeapSpace(transaction, space, path).end
        }
    }
}

extension DataDirectory {
    /// Gives a new index, which is closed and on disk, the name of the index. One that is there is kept under another name: it may be
    /// something else that was put there.
    func adoptIndex() throws(ServiceError) {
        unsafe unlink(unfinished + "-lock")
        unsafe unlink(database + "-lock")
        if FilePart.exists(database) {
            guard unsafe rename(database, unused) == 0 else { throw .system("cannot rename \(database)") }
        }
        guard unsafe rename(unfinished, database) == 0 else { throw .system("cannot make \(database)") }
        try sync()
    }
}
