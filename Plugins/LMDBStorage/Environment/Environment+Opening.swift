internal import ArticleProtocol
internal import Glibc

extension Environment {
    /// Opens the database of a directory, or makes one if it has none. The directory is locked.
    ///
    /// A new one gets its name when it is complete and on disk, so that a file that is empty or half made is always a
    /// damage, and never taken for a new beginning.
    static func open(in directory: DataDirectory, _ limits: EngineLimits) throws(ServiceError) -> Environment {
        if try DatabaseFile.inspect(directory.database) == nil { try create(in: directory, limits) }
        guard let file = try DatabaseFile.inspect(directory.database) else {
            throw ServiceError(.internal, "\(directory.database) went away while it was opened")
        }
        guard file.pageSize == Int(getpagesize()) else {
            throw ServiceError(
                .failedPrecondition,
                "\(directory.database) has pages of \(file.pageSize) bytes, this machine of \(getpagesize()): export it where it was made, and import it here"
            )
        }
        return try Environment(
            directory.database, in: directory, mapSize: max(limits.mapSize, file.usedBytes),
            maxReaders: limits.maxReaders)
    }

    private static func create(in directory: DataDirectory, _ limits: EngineLimits) throws(ServiceError) {
        if HeapFile.mayHaveRecords(directory.heap) {
            throw ServiceError(
                .failedPrecondition,
                "\(directory.heap) has articles, and \(directory.database), which says where they are, is missing: put it back, or restore a backup of both; to begin anew, move \(directory.heap) away. Nothing was changed"
            )
        }
        let path = directory.unfinished
        unsafe unlink(path)
        do throws(ServiceError) {
            try Environment(path, in: directory, mapSize: 1 << 20, maxReaders: limits.maxReaders).close()
        } catch {
            unsafe unlink(path)
            unsafe unlink(path + "-lock")
            throw error
        }
        unsafe unlink(path + "-lock")
        guard unsafe rename(path, directory.database) == 0 else { throw .system("cannot make \(directory.database)") }
        try directory.sync()
    }
}
