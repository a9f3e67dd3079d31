// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// One reader per thread, created at the thread's first read and kept until the thread ends.
///
/// Sendable although a thread-specific key is a plain number: POSIX keeps a separate value for each thread.
final class ThreadReaders: @unchecked Sendable {
    private let environment: LMDBEnvironment
    private let key: pthread_key_t
    private let registry: Registry
    private let isOpen = Atomic(true)

    /// All readers. It outlives the storage while a thread still has a reader.
    private final class Registry: Sendable {
        let readers = Mutex<[ObjectIdentifier: ThreadReader]?>([:])
    }

    /// The value that a thread keeps.
    private final class Slot {
        let reader: ThreadReader
        let registry: Registry

        init(_ reader: ThreadReader, _ registry: Registry) {
            self.reader = reader
            self.registry = registry
        }

        /// The thread ends, which frees LMDB's slot for another reader.
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

    /// Runs `body` with a reader that sees the newest snapshot.
    func read<Result>(_ body: (ThreadReader) throws(ServiceError) -> Result) throws(ServiceError) -> Result {
        let reader = try reader()
        // A read within a read: the records of the outer one must stay valid.
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

    /// Releases the snapshots that no call is using. On the committer's thread.
    func releaseSnapshots() {
        registry.readers.withLock { readers in
            for reader in (readers ?? [:]).values { reader.releaseSnapshot() }
        }
    }

    /// The oldest snapshot that a reader may be reading; `nil` if there is none. On the committer's thread.
    var oldest: UInt64? {
        registry.readers.withLock { readers in (readers ?? [:]).values.compactMap(\.held).min() }
    }

    /// Closes all readers. Returns `false` if one is in use, which the host rules out; the file then stays open.
    func close() -> Bool {
        isOpen.store(false, ordering: .relaxed)
        let all = registry.readers.withLock { readers in
            defer { readers = nil }
            return readers ?? [:]
        }
        // The values of threads that live on are leaked. Only the transactions matter.
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
