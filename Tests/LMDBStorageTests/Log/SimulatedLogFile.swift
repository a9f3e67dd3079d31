import ArticleProtocol
import Glibc
import Synchronization

@testable import LMDBStorage

/// A file of the log on a ``SimulatedDisk``.
final class SimulatedLogFile: LogFile {
    private let file: DiskLogFile
    private let index: Int
    private let disk: SimulatedDisk

    init(_ file: DiskLogFile, _ index: Int, _ disk: SimulatedDisk) {
        self.file = file
        self.index = index
        self.disk = disk
    }

    var path: String { file.path }

    func size() throws(ServiceError) -> Int { try file.size() }

    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8] { try file.read(count, at: offset) }

    func write(_ parts: [iovec], at offset: Int) throws(ServiceError) {
        try disk.call { state throws(ServiceError) in
            guard state.writeError == 0 else { throw ServiceError(lmdb: state.writeError, "cannot write \(path)") }
            try unsafe file.write(parts, at: offset)
        }
    }

    func startWriting(_ count: Int, at offset: Int) throws(ServiceError) {
        let error = disk.state.withLock { $0.startError }
        guard error == 0 else { throw ServiceError(lmdb: error, "cannot sync \(path)") }
        try file.startWriting(count, at: offset)
    }

    func sync() throws(ServiceError) {
        try disk.call { state throws(ServiceError) in
            guard state.syncError == 0 else { throw ServiceError(lmdb: state.syncError, "cannot sync \(path)") }
            state.synced.logs[index] = FileBytes.read(path)
        }
    }

    func shrink(to size: Int) { file.shrink(to: size) }
}
