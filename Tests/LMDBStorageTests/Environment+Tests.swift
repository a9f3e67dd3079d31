import ArticleProtocol

@testable import LMDBStorage

extension Environment {
    /// That of a storage which is closed, or an empty one.
    static func forTests(_ path: String, _ limits: EngineLimits = .tests) throws -> Environment {
        let (directory, disk) = (try DataDirectory(path), SystemDisk())
        if !FilePart.exists(directory.database) {
            let hash = KeyedHash.new()
            try HeapFile.create(directory.heap, hash, disk)
            try Environment.make(in: directory, HeapHead(hash), limits, disk).close()
            try directory.adoptIndex()
        }
        guard case .head(let head)? = try HeapHead.read(directory.heap) else {
            throw ServiceError(.internal, "there is no heap in \(path)")
        }
        return try .open(in: directory, head, limits, disk)
    }
}
