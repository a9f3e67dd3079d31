// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import LinuxRuntime
import Synchronization

@testable import LMDBStorage
@testable import StorageRules

/// A disk that knows what it would contain after a power failure, and that fails on request. Nothing else is
/// simulated: the files are real.
///
/// It fails like a kernel: blocks that could not be written are reported once per open file, then considered clean,
/// and not written again unless someone writes to them.
final class SimulatedDisk: Disk {
    struct State {
        var synced: StorageImage
        /// The contents of each file at its last sync, whether or not they reached the disk.
        var attempted: StorageImage
        /// Blocks written since, even with the same contents.
        var dirty: [StorageImage.File: Set<Int>] = [:]
        /// The number of calls until all of them fail, permanently.
        var callsLeft = Int.max
        /// The errors of syncs and writes of the log.
        var syncError: Int32 = 0
        /// The error of the log when writing is started; a sync does not repeat it.
        var startError: Int32 = 0
        var writeError: Int32 = 0
        /// The next sync of this file loses some blocks, and reports it.
        var losing: (file: StorageImage.File, random: SeededNumbers)?
        /// How often blocks of a file were lost.
        var losses: [StorageImage.File: Int] = [:]
        var isHeld = false
        /// The next read of the LMDB file waits for `mayRead`.
        var holdsNextRead = false
        var databaseSyncs = 0
    }

    static let block = 4096

    let directory: String
    let state: Mutex<State>
    /// Signalled at each sync of the LMDB file.
    let hasSynced = Semaphore()
    private let mayGo = Semaphore()
    /// Signalled when a read waits.
    let isReading = Semaphore()
    let mayRead = Semaphore()

    init(_ directory: String) {
        self.directory = directory
        let image = StorageImage(of: directory)
        state = Mutex(State(synced: image, attempted: image))
    }

    func open(_ path: String) throws(ServiceError) -> any DiskFile {
        try call { _ throws(ServiceError) in }
        let file = StorageImage.File.allCases.first { path == directory + "/" + $0.name }
        return SimulatedFile(try SystemFile(path), file, self)
    }

    /// Makes writes durable, except for lost blocks.
    ///
    /// - Parameter told: the number of losses already reported to this open file.
    func sync(_ file: StorageImage.File, _ told: inout Int) throws(ServiceError) {
        if file == .database { while state.withLock({ $0.isHeld }) { mayGo.wait() } }
        try call { state throws(ServiceError) in
            if file == .log0 || file == .log1, state.syncError != 0 {
                throw ServiceError(lmdb: state.syncError, "cannot sync \(file.name)")
            }
            let now = StorageImage.read(file, directory)
            if state.losing?.file == file, var random = state.losing?.random {
                if Self.bring(now, file, &state, isLost: { random.next(2) == 0 }) {
                    state.losses[file, default: 0] += 1
                }
                state.losing = nil
            } else {
                _ = Self.bring(now, file, &state) { false }
            }
            if file == .database { state.databaseSyncs += 1 }
            let losses = state.losses[file] ?? 0
            guard told < losses else { return }
            told = losses
            throw ServiceError(lmdb: EIO, "cannot sync \(file.name)")
        }
        if file == .database { hasSynced.signal() }
    }

    /// Makes all dirty blocks durable except those that `isLost` selects.
    ///
    /// - Returns: whether any was lost.
    private static func bring(
        _ now: [UInt8], _ file: StorageImage.File, _ state: inout State, isLost: () -> Bool
    ) -> Bool {
        var disk = state.synced[file]
        let before = state.attempted[file]
        let dirty = state.dirty[file] ?? []
        var anyLost = false
        if disk.count < now.count { disk += [UInt8](repeating: 0, count: now.count - disk.count) }
        for start in stride(from: 0, to: now.count, by: block) {
            let end = min(start + block, now.count)
            let isChanged = end > before.count || !isEqual(now, before, start..<end)
            guard isChanged || dirty.contains(start / block) else { continue }
            if isLost() {
                anyLost = true
            } else {
                disk.replaceSubrange(start..<end, with: now[start..<end])
            }
        }
        state.synced[file] = Array(disk.prefix(now.count))
        state.attempted[file] = now
        state.dirty[file] = []
        return anyLost
    }

    private static func isEqual(_ a: [UInt8], _ b: [UInt8], _ range: Range<Int>) -> Bool {
        unsafe a.withUnsafeBytes { a in
            unsafe b.withUnsafeBytes { b in
                unsafe memcmp(a.baseAddress! + range.lowerBound, b.baseAddress! + range.lowerBound, range.count) == 0
            }
        }
    }

    /// Blocks syncs of the LMDB file, or lets them continue.
    func hold(_ isHeld: Bool) {
        state.withLock { $0.isHeld = isHeld }
        if !isHeld { mayGo.signal() }
    }

    /// What is on disk for certain, and what was written. Nothing may be synced or written to the log in the
    /// meantime.
    func images() -> (synced: StorageImage, written: StorageImage) {
        state.withLock { state in (state.synced, StorageImage(of: directory)) }
    }

    /// Runs one call of the storage at a time.
    func call<Result>(
        _ body: (inout State) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try state.withLock { state throws(ServiceError) in
            guard state.callsLeft > 0 else { throw ServiceError(lmdb: EIO, "no power") }
            state.callsLeft -= 1
            return try body(&state)
        }
    }
}

/// A file on a ``SimulatedDisk``.
final class SimulatedFile: DiskFile {
    private let file: SystemFile
    /// `nil` if its state after a power failure does not matter.
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

    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8] {
        let waits = disk.state.withLock { state in
            guard state.holdsNextRead, kind == .database else { return false }
            state.holdsNextRead = false
            return true
        }
        if waits {
            disk.isReading.signal()
            disk.mayRead.wait()
        }
        return try file.read(count, at: offset)
    }

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
