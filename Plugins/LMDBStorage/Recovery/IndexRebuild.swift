// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB
internal import Glibc

/// Rebuilds the index from the heap and the log.
///
/// The record with the greatest sequence number of each article counts, wherever it was found; an article whose
/// deletion is newer is gone. Records beyond the last confirmed sequence number belong to writes that were never
/// acknowledged, and are ignored. So the order in which records are found does not matter. A crash in the middle
/// costs only time: the next start rebuilds again.
struct IndexRebuild {
    let directory: DataDirectory
    let head: HeapHead
    let limits: EngineLimits
    let disk: any Disk
    /// The groups of the log to apply, if there is a log.
    let log: (survey: LogSurvey, groups: ArraySlice<LogSurvey.Found>)?
    /// The last sequence number confirmed by a checkpoint; `nil` if nothing confirms one, and all records count.
    let confirmed: UInt64?
    /// The greatest sequence number known to have been used. It may belong to a deletion that was cleared.
    let used: UInt64
    let progress: StartProgress

    /// The result.
    struct Outcome {
        /// The number of articles in the index.
        var records = 0
        /// Some of the articles that are too damaged to be read.
        var damaged: [ArticleID] = []
    }

    /// Rebuilds the index and puts it in place.
    func run() throws(ServiceError) -> Outcome {
        let environment = try LMDBEnvironment.make(in: directory, head, limits, disk)
        var isClosed = false
        defer { if !isClosed { environment.close() } }
        try environment.disableSync()
        var builder = IndexBuilder(environment, head.hash)
        let last = try replay(&builder)
        builder.note(sequence: max(used, last ?? 0))
        try scan(&builder, last: last)
        try builder.flush()
        try builder.applyDeletions(builder.deletions)
        let outcome = Outcome(records: try builder.index(progress), damaged: builder.damaged)
        try builder.storeSpace(progress)
        try environment.files.sync()
        // By now, the records that these deletions delete are cleared on disk.
        try builder.clearDeletions()
        try environment.files.sync()
        environment.close()
        isClosed = true
        try directory.adoptIndex()
        return outcome
    }

    /// Writes the records of the log to their locations.
    ///
    /// - Returns: the last sequence number that counts; `nil` if all do.
    private func replay(_ builder: inout IndexBuilder) throws(ServiceError) -> UInt64? {
        guard let log else { return confirmed }
        var last = confirmed
        for found in log.groups {
            let payload = try log.survey.payload(found)
            var failure: ServiceError?
            _ = try unsafe payload.lend { bytes throws(ServiceError) in
                try unsafe LogEntry.forEach(bytes, count: found.group.count) { entry throws(ServiceError) in
                    guard let record = unsafe entry.bytes(builder.environment.heap) else { return }
                    if let header = unsafe RecordChecksum.header(record) {
                        last = max(last ?? 0, header.sequence)
                    }
                    do throws(ServiceError) {
                        try unsafe [UInt8](record).lend { record throws(ServiceError) in
                            let part = unsafe iovec(
                                iov_base: UnsafeMutableRawPointer(mutating: record.baseAddress), iov_len: record.count)
                            try unsafe builder.environment.heap.write([part], at: entry.location.offset, record.count)
                        }
                    } catch {
                        failure = error
                    }
                }
            }
            if let failure { throw failure }
        }
        return last
    }

    private func scan(_ builder: inout IndexBuilder, last: UInt64?) throws(ServiceError) {
        let size = max(1, try builder.environment.files.heap.size())
        try HeapScan(file: builder.environment.files.heap, hash: head.hash).forEach(
            progress: { progress.report("rebuilding the index: \($0 * 100 / size) % of the articles read") },
            { found throws(ServiceError) in
                if found.header.sequence > last ?? .max { return builder.drop(found) }
                try builder.note(found)
            })
    }
}

/// The index under construction.
private struct IndexBuilder {
    let environment: LMDBEnvironment
    private let hash: KeyedHash
    /// Found but not yet written.
    private var found: [HeapScan.Found] = []
    /// The last deletion of each id.
    private(set) var deletions: [ArticleID: UInt64] = [:]
    private var deletionPlaces: [HeapLocation] = []
    /// Records that are no longer articles.
    private var dropped: [HeapLocation] = []
    private(set) var damaged: [ArticleID] = []
    private var sequence: UInt64 = 0
    private var extents: [Extent] = []

    init(_ environment: LMDBEnvironment, _ hash: KeyedHash) {
        self.environment = environment
        self.hash = hash
    }

    mutating func note(sequence used: UInt64) { sequence = max(sequence, used) }

    mutating func drop(_ record: HeapScan.Found) { dropped.append(record.location) }

    mutating func note(_ record: HeapScan.Found) throws(ServiceError) {
        sequence = max(sequence, record.header.sequence)
        if record.header.kind == .deletion {
            deletions[record.header.id] = max(deletions[record.header.id] ?? 0, record.header.sequence)
            deletionPlaces.append(record.location)
            return
        }
        found.append(record)
        if found.count >= 4096 { try flush() }
    }

    /// Writes the locations of the found records to the table, of each article the latest.
    mutating func flush() throws(ServiceError) {
        if found.isEmpty { return }
        let pending = found
        found = []
        var losers: [HeapLocation] = []
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            for record in pending {
                try unsafe record.header.id.withKey { key throws(ServiceError) in
                    let present = try unsafe transaction.lend(key, environment.records) { value throws(ServiceError) in
                        unsafe HeapLocation(value)
                    }
                    if let present = present ?? nil {
                        let isLater = sequence(at: present) < record.header.sequence
                        losers.append(isLater ? present : record.location)
                        if !isLater { return }
                    }
                    try unsafe record.location.withBytes { value throws(ServiceError) in
                        try unsafe transaction.put(key, value, environment.records)
                    }
                }
            }
        }
        dropped += losers
    }

    private func sequence(at location: HeapLocation) -> UInt64 {
        guard
            let bytes = unsafe environment.heap.bytes(
                HeapLocation(offset: location.offset, count: RecordHeader.size))
        else { return 0 }
        return unsafe RecordHeader(decoding: bytes)?.sequence ?? 0
    }

    /// Removes articles that were deleted after they were stored.
    mutating func applyDeletions(_ deletions: [ArticleID: UInt64]) throws(ServiceError) {
        var losers: [HeapLocation] = []
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            for (id, number) in deletions {
                try unsafe id.withKey { key throws(ServiceError) in
                    let present = try unsafe transaction.lend(key, environment.records) { unsafe HeapLocation($0) }
                    guard let present = present ?? nil, sequence(at: present) < number else { return }
                    try unsafe transaction.delete(key, environment.records)
                    losers.append(present)
                }
            }
        }
        dropped += losers
    }

    /// Adds the index entries of all records.
    ///
    /// - Returns: the number of records.
    mutating func index(_ progress: StartProgress) throws(ServiceError) -> Int {
        var after: ArticleID?
        var count = 0
        while true {
            let places = try next(behind: after)
            guard let last = places.last else { return count }
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                for (id, location) in places {
                    extents.append(Extent(offset: location.offset, size: location.extent))
                    try transaction.index(entries(id, location), insteadOf: [], environment.index)
                    try transaction.add(ChangeEntry(sequence(at: location), id), environment)
                }
            }
            count += places.count
            after = last.id
            progress.report("rebuilding the index: \(count) articles")
        }
    }

    private func next(behind id: ArticleID?) throws(ServiceError) -> [(id: ArticleID, location: HeapLocation)] {
        var places: [(id: ArticleID, location: HeapLocation)] = []
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            let cursor = try transaction.cursor(environment.records)
            func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
                guard let found = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key)),
                    let location = unsafe HeapLocation(value)
                else { return }
                if found != id { places.append((found, location)) }
            }
            var isFound: Bool
            if let id {
                isFound =
                    try unsafe id.withKey { key throws(ServiceError) in
                        try unsafe cursor.seek(key) { unsafe take($0, $1) }
                    } != nil
            } else {
                isFound = try unsafe cursor.move(.first) { unsafe take($0, $1) } != nil
            }
            while isFound, places.count < 2048 {
                isFound = try unsafe cursor.move(.next) { unsafe take($0, $1) } != nil
            }
        }
        return places
    }

    private mutating func entries(_ id: ArticleID, _ location: HeapLocation) -> [IndexEntry] {
        guard let bytes = unsafe environment.heap.bytes(location),
            let record = unsafe try? RecordView(id, record: bytes, in: environment)
        else {
            if damaged.count < 100 { damaged.append(id) }
            return [IndexEntry.unknown(id)]
        }
        return unsafe RecordEntries.of(id, key: record.key, time: record.header.time, terms: record.terms, hash)
    }

    /// Stores which parts of the heap are free, and clears what is there.
    mutating func storeSpace(_ progress: StartProgress) throws(ServiceError) {
        for location in dropped {
            try environment.heap.clear(Extent(offset: location.offset, size: location.extent))
        }
        extents.sort { $0.offset < $1.offset }
        var end = HeapFile.start
        var gaps: [Extent] = []
        for extent in extents {
            if extent.offset > end { gaps.append(Extent(offset: end, size: extent.offset - end)) }
            end = max(end, extent.end)
        }
        for first in stride(from: 0, to: max(1, gaps.count), by: 4096) {
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var space = try HeapSpace(transaction, environment.space, environment.path)
                if first == 0 { space.begin(end: end, sequence: sequence) }
                for gap in gaps.dropFirst(first).prefix(4096) {
                    try space.addFree(gap, transaction, environment.space)
                }
                try space.store(transaction, environment.space)
            }
            progress.report("rebuilding the index: free space")
        }
    }

    /// Clears the deletions themselves: what they delete is gone.
    func clearDeletions() throws(ServiceError) {
        for location in deletionPlaces {
            try environment.heap.clear(Extent(offset: location.offset, size: location.extent))
        }
    }
}
