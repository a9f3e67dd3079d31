import ArticleProtocol
import Glibc
import Synchronization

@testable import LMDBStorage

/// A file on a ``SimulatedDisk``.
final class SimulatedFile: DiskFile {
    private let file: SystemFile
    /// `nil`: it is none whose state after a loss of power counts.
    private let kind: StorageImage.File?
    private let disk: SimulatedDisk
    private let told: Mutex<Int>

    init(_ file: SystemFile, _ kind: StorageImage.File?, _ disk: SimulatedDisk) {
        self.file = file
        self.kind = kind
        self.disk = disk
        told = Mutex(disk.state.withLock { state in kind.flatMap { state.losses[$0] } ?? 0 })
    }

    var path: String { file.path }
    var isLinked: Bool { file.isLinked }
    private var isLog: Bool { kind == .log0 || kind == .log1 }

    func size() throws(ServiceError) -> Int { try file.size() }

    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8] { try file.read(count, at: offset) }

    func write(_ parts: [iovec], at offset: Int) throws(ServiceError) {
        try disk.call { state throws(ServiceError) in
            guard state.writeError == 0 || !isLog else {
                throw ServiceError(lmdb: state.writeError, "cannot write \(path)")
            }
            try unsafe file.write(parts, at: offset)
            guard let kind else { return }
            let end = unsafe parts.reduce(offset) { unsafe $0 + $1.iov_len }
            for block in offset / SimulatedDisk.block...max(offset, end - 1) / SimulatedDisk.block {
                state.dirty[kind, default: []].insert(block)
            }
        }
    }

    func startWriting(_ count: Int, at offset: Int) throws(ServiceError) {
        let error = disk.state.withLock { $0.startError }
        guard error == 0 else { throw ServiceError(lmdb: error, "cannot sync \(path)") }
        try file.startWriting(count, at: offset)
    }

    func writeAhead(_ count: Int, at offset: Int) throws(ServiceError) {}

    func sync() throws(ServiceError) {
        if let kind { return try told.withLock { told throws(ServiceError) in try disk.sync(kind, &told) } }
        try disk.call { _ throws(ServiceError) in }
    }

    func forget(_ count: Int, at offset: Int) {}

    func shrink(to size: Int) { file.shrink(to: size) }
    func close() { file.close() }
}
