internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// Each thread's reader, made at its first read and kept until the thread ends.
///
/// Sendable although a thread's key is a plain number: POSIX gives each thread its own value behind it.
final class ThreadReaders: @unchecked Sendable {
    private let environment: LMDBEnvironment
    private let key: pthread_key_t
    private let registry: Registry
    private let isOpen = Atomic(true)

    /// The readers that there are. It outlives the storage for as long as a thread still has one.
    private final class Registry: Sendable {
        let readers = Mutex<[ObjectIdentifier: ThreadReader]?>([:])
    }

    /// What a thread keeps.
    private final class Slot {
        let reader: ThreadReader
        let registry: Registry

        init(_ reader: ThreadReader, _ registry: Registry) {
            self.reader = reader
            self.registry = registry
        }

        /// The thread ends: LMDB's slot is free for another one.
        deinit { registry.readers.withLock { _ = $0?.removeValue(forKey: ObjectIdentifier(reader)) } }
    }

    init(_ environment: LMDBEnvironment) throws(ServiceError) {
        var key: pthread_key_t = 0
        let code = unsafe pthread_key_create(&key) { slot in
            if let slot = unsafe slot { unsafe Unmanaged<Slot>.fromOpaque(slot).release() }
        }
        guard code == 0 else { throw ServiceError(lmdb: code, "cannot read \(environment.path)") }
        self.environment = environment
        self.key = key
        registry = Registry()
    }

    /// Runs `body` with a reader that sees the database as it is now.
    func read<Result>(_ body: (ThreadReader) throws(ServiceError) -> Result) throws(ServiceError) -> Result {
        let reader = try reader()
        // A read from within a read: the outer one's records must stay as they are.
        if reader.isBusy { return try readBeside(body) }
        try reader.begin()
        defer { reader.end() }
        return try body(reader)
    }

    private func readBeside<Result>(
        _ body: (ThreadReader) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        let reader = try ThreadReader(environment)
        registry.readers.withLock { $0?[ObjectIdentifier(reader)] = reader }
        defer { registry.readers.withLock { _ = $0?.removeValue(forKey: ObjectIdentifier(reader)) } }
        try reader.begin()
        defer { reader.end() }
        return try body(reader)
    }

    /// This thread's reader, if it has one.
    var current: ThreadReader? {
        guard isOpen.load(ordering: .relaxed), let slot = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<Slot>.fromOpaque(slot).takeUnretainedValue().reader
    }

    /// Takes the snapshots that no call is using from all readers. The committer's thread.
    func releaseSnapshots() {
        registry.readers.withLock { readers in
            for reader in (readers ?? [:]).values { reader.releaseSnapshot() }
        }
    }

    /// The oldest version that a reader may still read; `nil`: none is being read. The committer's thread.
    var oldest: UInt64? {
        registry.readers.withLock { readers in (readers ?? [:]).values.compactMap(\.held).min() }
    }

    /// Gives up all readers. `false` if one of them is in use, which the host rules out: the file stays open then.
    func close() -> Bool {
        isOpen.store(false, ordering: .relaxed)
        let all = registry.readers.withLock { readers in
            defer { readers = nil }
            return readers ?? [:]
        }
        // The slots of threads that live on are left behind; what counts is the transactions.
        pthread_key_delete(key)
        guard !all.values.contains(where: \.isBusy) else { return false }
        for reader in all.values { reader.release() }
        return true
    }

    private func reader() throws(ServiceError) -> ThreadReader {
        guard isOpen.load(ordering: .relaxed) else { throw ServiceError(.unavailable, "the storage is closed") }
        if let slot = unsafe pthread_getspecific(key) {
            return unsafe Unmanaged<Slot>.fromOpaque(slot).takeUnretainedValue().reader
        }
        let reader = try ThreadReader(environment)
        registry.readers.withLock { $0?[ObjectIdentifier(reader)] = reader }
        let slot = unsafe Unmanaged.passRetained(Slot(reader, registry))
        unsafe pthread_setspecific(key, slot.toOpaque())
        return reader
    }
}
