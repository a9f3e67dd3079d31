internal import ArticleProtocol

/// What the two files of the log have of a session, wherever it stands: also behind a place that is damaged.
///
/// The log ends where nothing was acknowledged any more. How far that is at least, the log says itself: each group names the last
/// one that was known to be on disk when it was written, and so do the header and the ``DurableMark``. A group up to there that is
/// not to be found was lost by damage; one beyond it may have been on its way when the last end came.
struct LogSurvey {
    /// A group whose head and entries' heads are whole.
    struct Found {
        let file: Int
        let position: Int
        let group: LogGroup
    }

    /// All that belong behind the checkpoint, in their order; no number twice.
    private(set) var groups: [Found] = []
    /// The first group that is expected.
    let first: UInt64
    /// The last group that is known to have been acknowledged, or one before ``first``.
    private(set) var durable: UInt64
    private let files: [any DiskFile]

    /// - Parameters:
    ///   - first: the first group behind the checkpoint.
    ///   - durable: what other marks say of the last group on disk.
    init(
        _ files: [any DiskFile], _ session: LogSession, from first: UInt64, durable: UInt64
    ) throws(ServiceError) {
        self.files = files
        // There is no group 0; and none has the greatest number, which has no next one.
        self.first = max(1, first)
        self.durable = max(self.first - 1, durable == .max ? 0 : durable)
        var found: [UInt64: Found] = [:]
        for index in files.indices {
            let size = try files[index].size()
            var position = LogHeader.space
            while position < size {
                guard let (group, _) = try Self.read(files[index], at: position, size), group.session == session,
                    group.sequence >= self.first, group.sequence != .max
                else {
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

    private static func read(
        _ file: any DiskFile, at position: Int, _ size: Int
    ) throws(ServiceError) -> (LogGroup, [UInt8])? {
        let head = try file.read(LogGroup.size, at: position)
        guard let group = LogGroup(head), size - position - LogGroup.size >= group.payloadSize else { return nil }
        let payload = try file.read(group.payloadSize, at: position + LogGroup.size)
        guard payload.count == group.payloadSize, group.isWhole(head, payload) else { return nil }
        return (group, payload)
    }

    /// The entries of a group.
    func payload(_ found: Found) throws(ServiceError) -> [UInt8] {
        try files[found.file].read(found.group.payloadSize, at: found.position + LogGroup.size)
    }

    /// Groups that were acknowledged, and are not to be found.
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

    /// The groups that count: all that were acknowledged, and what follows them without a gap and with all its records.
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

/// Reads groups that this process has written, from a place on: those of one file, then those that went on in the other one. Ends
/// at the first that is not whole. What an earlier process has written ``LogSurvey`` finds.
struct LogReader {
    private let files: [any DiskFile]
    /// Where the records are that do not stand in the log.
    private let heap: HeapFile
    private var index: Int
    private var position = LogHeader.space
    private var isInOther = false
    private let session: LogSession
    /// Of the next group.
    private(set) var sequence: UInt64

    /// Reads on from a place.
    init(_ files: [any DiskFile], _ heap: HeapFile, _ session: LogSession, from place: RedoLog.Position) {
        self.files = files
        self.heap = heap
        self.session = session
        (index, position, sequence) = (place.index, place.position, place.sequence)
    }

    /// The next group with the bytes of its entries; `nil` behind the last one.
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
        // Neither the size nor what the entries say is to be trusted before the checksum is known.
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
