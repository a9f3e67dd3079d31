// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// All groups of a session in the two log files, also those after a damaged one.
///
/// Groups after the last acknowledged one may be incomplete. The log itself tells how far acknowledgements went at
/// least: each group names the last group known to be on disk when it was written, and so do the header and the
/// ``DurableMark``. A missing group up to there was lost by damage. A missing group after that may have been in
/// flight when the process ended.
struct LogSurvey {
    /// A group whose header and entry heads are intact.
    struct Found {
        let file: Int
        let position: Int
        let group: LogGroup
    }

    /// All groups after the checkpoint, in order, each number once.
    private(set) var groups: [Found] = []
    /// The number of the first expected group.
    let first: UInt64
    /// The last group known to have been acknowledged, or one less than ``first``.
    private(set) var durable: UInt64
    private let files: [any DiskFile]

    /// - Parameters:
    ///   - first: the first group after the checkpoint.
    ///   - durable: the last group on disk according to other marks.
    init(
        _ files: [any DiskFile], _ session: LogSession, from first: UInt64, durable: UInt64
    ) throws(ServiceError) {
        self.files = files
        // There is no group 0, and the greatest number has no successor.
        self.first = max(1, first)
        self.durable = max(self.first - 1, durable == .max ? 0 : durable)
        var found: [UInt64: Found] = [:]
        for index in files.indices {
            let size = try files[index].size()
            var position = LogHeader.space
            while position < size {
                guard let group = try Self.group(files[index], at: position, size, session, from: self.first) else {
                    position += LogGroup.block
                    continue
                }
                found[group.sequence] = Found(file: index, position: position, group: group)
                if group.durable != .max { self.durable = max(self.durable, group.durable) }
                position = group.end(from: position)
            }
        }
        groups = found.values.sorted { $0.group.sequence < $1.group.sequence }
    }

    /// What imitates a group, as the contents of articles may, is not read as a whole.
    private static func group(
        _ file: any DiskFile, at position: Int, _ size: Int, _ session: LogSession, from first: UInt64
    ) throws(ServiceError) -> LogGroup? {
        let head = try file.read(LogGroup.size, at: position)
        guard let group = LogGroup(head), group.session == session, group.sequence >= first, group.sequence != .max,
            size - position - LogGroup.size >= group.payloadSize
        else { return nil }
        let payload = try file.read(group.payloadSize, at: position + LogGroup.size)
        return payload.count == group.payloadSize && group.isWhole(head, payload) ? group : nil
    }

    /// Reads the entries of a group.
    func payload(_ found: Found) throws(ServiceError) -> [UInt8] {
        try files[found.file].read(found.group.payloadSize, at: found.position + LogGroup.size)
    }

    /// Acknowledged groups that cannot be found.
    var missing: [ClosedRange<UInt64>] {
        var gaps: [ClosedRange<UInt64>] = []
        var next = first
        for found in groups where found.group.sequence <= durable {
            if found.group.sequence > next { gaps.append(next...(found.group.sequence - 1)) }
            next = found.group.sequence + 1
        }
        if next <= durable { gaps.append(next...durable) }
        return gaps
    }

    /// The groups to replay: all acknowledged ones, and those that follow without a gap and with all their records.
    func valid(_ heap: HeapFile?) throws(ServiceError) -> ArraySlice<Found> {
        var next = durable &+ 1
        var count = 0
        for found in groups {
            if found.group.sequence > durable {
                guard found.group.sequence == next, try found.group.hasRecords(payload(found), heap) else { break }
                next &+= 1
            }
            count += 1
        }
        return groups[..<count]
    }
}

/// Reads groups that this process has written, from a position on: first in one file, then in the other. Ends at the
/// first group that is not intact. For the log of an earlier process, use ``LogSurvey``.
struct LogReader {
    private let files: [any DiskFile]
    /// Holds the records that are not in the log.
    private let heap: HeapFile
    private var index: Int
    private var position = LogHeader.space
    private var isInOther = false
    private let session: LogSession
    /// The number of the next group.
    private(set) var sequence: UInt64

    /// Starts at a position.
    init(_ files: [any DiskFile], _ heap: HeapFile, _ session: LogSession, from place: RedoLog.Position) {
        self.files = files
        self.heap = heap
        self.session = session
        (index, position, sequence) = (place.index, place.position, place.sequence)
    }

    /// The next group and its entries; `nil` after the last one.
    mutating func next() throws(ServiceError) -> (group: LogGroup, payload: [UInt8])? {
        if let found = try read() { return found }
        if isInOther { return nil }
        (index, position, isInOther) = (1 - index, LogHeader.space, true)
        return try read()
    }

    private mutating func read() throws(ServiceError) -> (LogGroup, [UInt8])? {
        let file = files[index]
        let head = try file.read(LogGroup.size, at: position)
        guard let group = LogGroup(head), group.session == session, group.sequence == sequence else { return nil }
        // Neither the size nor the entries can be trusted before the checksum is verified.
        guard try file.size() - position - LogGroup.size >= group.payloadSize else { return nil }
        let payload = try file.read(group.payloadSize, at: position + LogGroup.size)
        guard payload.count == group.payloadSize, group.isWhole(head, payload), try group.hasRecords(payload, heap)
        else {
            return nil
        }
        position = group.end(from: position)
        sequence += 1
        return (group, payload)
    }
}
