// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc

/// Builds a new store from the records of another one, in ascending order of ids: compact, and with an index made
/// from the records alone.
///
/// Only seal and location of a record change; id, revision, times, sequence number and the content's checksum stay. The
/// copy has a history of its own: positions in the changes of the original are unknown to it.
/// The copy is valid after ``finish()``. Until then neither a log nor a sync makes its transactions durable.
final class StoreCopy {
    /// The most to hold in memory: records to be written together, and entries to be sorted.
    private static let bufferLimit = (bytes: 8 << 20, entries: 1 << 19)
    /// The entries that one transaction adds.
    private static let entriesOfTransaction = 1 << 15

    private let directory: DataDirectory
    private let environment: LMDBEnvironment
    private let disk = SystemDisk()
    private var bytes: [UInt8] = []
    private var records: [(change: ChangeEntry, range: Range<Int>)] = []
    private var entries: [IndexEntry] = []
    private var changes: [ChangeEntry] = []
    private var isOpen = true
    private(set) var count: UInt64 = 0

    /// Creates an empty store.
    init(in directory: DataDirectory, _ limits: EngineLimits) throws(ServiceError) {
        self.directory = directory
        let hash = KeyedHash.new()
        try HeapFile.create(directory.heap, hash, disk)
        environment = try LMDBEnvironment.make(in: directory, HeapHead(hash), limits, disk)
        do throws(ServiceError) {
            try environment.disableSync()
        } catch {
            environment.close()
            throw error
        }
        bytes.reserveCapacity(Self.bufferLimit.bytes)
    }

    deinit { close() }

    /// Adds a record that was verified.
    ///
    /// - Parameter record: all bytes of the record.
    func add(_ view: RecordView, _ record: UnsafeRawBufferPointer) throws(ServiceError) {
        let change = ChangeEntry(view.header.sequence, view.id)
        records.append((change, bytes.count..<bytes.count + record.count))
        changes.append(change)
        unsafe bytes.append(contentsOf: record)
        unsafe entries += RecordEntries.of(
            view.id, key: view.key, time: view.header.time, terms: view.terms, environment.hash)
        count += 1
        if bytes.count >= Self.bufferLimit.bytes { try writeRecords() }
        if entries.count + changes.count >= Self.bufferLimit.entries { try writeEntries() }
    }

    /// When this returns, the copy is closed, on disk, and complete without a log.
    func finish() throws(ServiceError) {
        try writeRecords()
        try writeEntries()
        let session = LogSession.new()
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        try environment.heap.mark(session, generation: 1, closed: try environment.heapContents())
        try environment.files.sync()
        try PageSums(directory.sums, pageSize: environment.pageSize)
            .update(environment.files.database, from: nil, to: metas, disk)
        try FileMark(complete: metas, session: session, generation: 1, checkpoint: 1)
            .write(to: environment.files.database, pageSize: environment.pageSize)
        try environment.files.sync()
        // Nobody reads the copy here: leave the page cache to the service.
        environment.files.database.forget(0, at: 0)
        environment.files.heap.forget(0, at: 0)
        close()
        try directory.adoptIndex()
    }

    private func close() {
        if isOpen { environment.close() }
        isOpen = false
    }

    private func writeRecords() throws(ServiceError) {
        if records.isEmpty { return }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var heap = try HeapWriter(environment, transaction, reusable: 0)
            var places: [HeapLocation] = []
            for (change, range) in records {
                let (location, stamp) = try heap.take(
                    change.id, range.count, numbered: change.sequence, transaction)
                unsafe bytes.withUnsafeMutableBytes { bytes in
                    unsafe stamp.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[range]))
                }
                places.append(location)
            }
            try unsafe bytes.lend { bytes throws(ServiceError) in
                for ((change, range), location) in zip(records, places) {
                    let record = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
                    try unsafe heap.put(change.id, record, at: location, atEnd: true, transaction)
                }
                try heap.finish(transaction)
            }
        }
        bytes.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
        // In small steps, since the service shares the disk and the page cache.
        let written = environment.heap.takeWritten()
        try environment.files.heap.writeAhead(written.count, at: written.lowerBound)
        environment.files.heap.forget(written.count, at: written.lowerBound)
    }

    /// In sorted order, each page of the index changes once.
    private func writeEntries() throws(ServiceError) {
        entries.sort()
        var rest = entries[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.entriesOfTransaction)
            rest = rest.dropFirst(part.count)
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                for entry in part { try transaction.index([entry], insteadOf: [], environment.index) }
            }
        }
        entries.removeAll(keepingCapacity: true)
        changes.sort()
        var left = changes[...]
        while !left.isEmpty {
            let part = left.prefix(Self.entriesOfTransaction)
            left = left.dropFirst(part.count)
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                for change in part { try transaction.add(change, environment) }
            }
        }
        changes.removeAll(keepingCapacity: true)
    }
}
