import ArticleProtocol
import Glibc
import Synchronization

@testable import LMDBStorage

/// A disk that knows what would be on it after power was lost, and fails when it is told to. Nothing else is simulated:
/// the files are real.
final class SimulatedDisk: Disk {
    struct State {
        var synced: StorageImage
        /// Calls until all fail, for good.
        var callsLeft = Int.max
        /// What syncs and writes of the log answer.
        var syncError: Int32 = 0
        /// What the log answers when it is to begin with what was written; a sync says nothing of it.
        var startError: Int32 = 0
        var writeError: Int32 = 0
        var isHeld = false
        var databaseSyncs = 0
    }

    let directory: String
    let state: Mutex<State>
    /// Signalled at each sync of the database.
    let hasSynced = WakeUp()
    private let mayGo = WakeUp()

    init(_ directory: String) {
        self.directory = directory
        state = Mutex(State(synced: StorageImage(of: directory)))
    }

    func open(_ path: String) throws(ServiceError) -> any LogFile {
        try call { _ throws(ServiceError) in }
        let index = StorageImage.paths(directory).logs.firstIndex(of: path) ?? 0
        return SimulatedLogFile(try DiskLogFile(path), index, self)
    }

    func write(ahead descriptor: Int32, at offset: Int, _ count: Int) -> Int32 { 0 }

    func sync(heap descriptor: Int32) -> Int32 {
        do throws(ServiceError) {
            try call { state throws(ServiceError) in state.synced.heap = StorageImage.heap(directory) }
        } catch {
            return EIO
        }
        return 0
    }

    func sync(database descriptor: Int32) -> Int32 {
        while state.withLock({ $0.isHeld }) { mayGo.wait() }
        do throws(ServiceError) {
            try call { state throws(ServiceError) in
                state.synced.database = StorageImage.database(directory)
                state.databaseSyncs += 1
            }
        } catch {
            return EIO
        }
        hasSynced.signal()
        return 0
    }

    /// Lets syncs of the database wait, or go on.
    func hold(_ isHeld: Bool) {
        state.withLock { $0.isHeld = isHeld }
        if !isHeld { mayGo.signal() }
    }

    /// What is on disk for certain, and what was written. Nothing is synced, and nothing written to the log, meanwhile.
    func images() -> (synced: StorageImage, written: StorageImage) {
        state.withLock { state in (state.synced, StorageImage(of: directory)) }
    }

    /// A call of the storage's, one after the other.
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
