internal import ArticleProtocol

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
    init(_ files: [any DiskFile], _ heap: HeapFile, _ session: LogSession, from place: RedoLog.Place) {
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
