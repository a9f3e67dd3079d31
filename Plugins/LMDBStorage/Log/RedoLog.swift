internal import ArticleProtocol
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// The redo log as the committer writes it: what is acknowledged is on disk here, one sync a group, before the database's
/// own pages are.
///
/// Two files take turns. Each begins with a checkpoint (``LogHeader``) and has the groups behind it; with a checkpoint under
/// way, groups go to the other file already, whose older ones nobody needs any more. So files are written again and again
/// in place: a sync that allocates no block and changes no size costs half of one that does (ext4: the latter commits its
/// journal too).
///
/// On the committer's thread alone. Sendable although it has pointers: between calls they lead nowhere.
@safe
struct RedoLog: @unchecked Sendable {
    /// How the files become longer (``FileEnd``).
    private static let step = 1 << 20
    private static let largeGroup = 96 << 10
    /// What a file keeps of its size while the storage is closed.
    static let closedSize = 4 << 20

    /// What a file has at least, so that a full disk still takes what makes room: deletions, and checkpoints.
    private static let minSize = 256 << 10

    let files: [any DiskFile]
    let session: LogSession
    let generation: UInt64
    /// Which file is written.
    private(set) var index: Int
    /// Where the next group begins.
    private(set) var position = LogHeader.space
    /// Of the next group.
    private(set) var sequence: UInt64 = 1
    /// How many groups there are since the last checkpoint began.
    private(set) var groups = 0
    private var bytesInHeap = (confirmed: 0, appended: 0)
    private var ends: [FileEnd]
    private var parts: [iovec] = unsafe []

    init(_ files: [any DiskFile], _ session: LogSession, generation: UInt64, index: Int) throws(ServiceError) {
        self.files = files
        self.session = session
        self.generation = generation
        self.index = index
        ends = []
        for file in files { ends.append(FileEnd(try file.size(), step: Self.step, large: Self.largeGroup)) }
    }

    /// Makes a file as long as it is at least.
    static func fill(_ file: any DiskFile) throws(ServiceError) {
        let size = try file.size()
        if size >= minSize { return }
        try file.write([UInt8](repeating: 0, count: minSize - size), at: size)
        try file.sync()
    }

    /// Where a group stands.
    struct Position {
        var index: Int
        var position: Int
        var sequence: UInt64
    }

    var file: any DiskFile { files[index] }
    /// Where the next group will stand.
    var end: Position { Position(index: index, position: position, sequence: sequence) }
    /// How much was written since the last checkpoint began, here or to the heap alone.
    var bytes: Int { position - LogHeader.space + bytesInHeap.confirmed }

    /// Writes what the changes of a group came to, before anyone is told.
    ///
    /// - Parameters:
    ///   - locations: where the records lie that were put, and those of deletions, in their order.
    ///   - areInHeap: those are there already, and will be on disk when the log is: the log only says so.
    ///   - records: how many articles there are with the group.
    ///   - durable: the last group that is known to be on disk.
    /// - Returns: the group, for ``confirm(_:)`` or ``retract()``; `nil` if nothing changed, and nothing was written.
    mutating func append(
        _ writes: [PendingWrite], _ results: [WriteResult], _ locations: [HeapLocation], areInHeap: Bool,
        records: Int, durable: UInt64
    ) throws(ServiceError) -> LogGroup? {
        unsafe parts.removeAll(keepingCapacity: true)
        unsafe parts.append(iovec())
        var size = 0
        var appended = 0
        for (write, result) in zip(writes, results) {
            switch result.outcome {
            case .created, .updated, .deleted: break
            case .unchanged, .refused: continue
            }
            let entry = unsafe write.entry(result.id, locations[appended], isInHeap: areInHeap)
            appended += 1
            size += entry.count
            unsafe parts.append(
                iovec(iov_base: UnsafeMutableRawPointer(mutating: entry.baseAddress), iov_len: entry.count))
        }
        bytesInHeap.appended = areInHeap ? locations.reduce(0) { $0 + $1.count } : 0
        if unsafe parts.count == 1 { return nil }
        let group = unsafe LogGroup(
            sequence: sequence, payloadSize: size, count: parts.count - 1, session: session, durable: durable,
            records: UInt64(clamping: records))
        ends[index].prepare(file, for: position..<group.end(from: position))
        try write(group)
        return group
    }

    private mutating func write(_ group: LogGroup) throws(ServiceError) {
        var head = group.encoded()
        var checksum = LogGroup.checksum(ofHead: head)
        for index in unsafe 1..<parts.count {
            let head = unsafe UnsafeRawBufferPointer(start: parts[index].iov_base, count: LogEntry.size)
            checksum = unsafe CRC32C.checksum(head, continuing: checksum)
        }
        LogGroup.seal(&head, checksum)
        try unsafe head.lend { head throws(ServiceError) in
            unsafe parts[0] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count)
            try unsafe file.write(parts, at: position)
        }
    }

    /// The disk begins with a group that was appended.
    func start(_ group: LogGroup) throws(ServiceError) {
        try file.startWriting(group.end(from: position) - position, at: position)
    }

    /// The group stays.
    mutating func confirm(_ group: LogGroup) {
        position = group.end(from: position)
        bytesInHeap.confirmed += bytesInHeap.appended
        sequence += 1
        groups += 1
    }

    /// What the group changed could not be made: it must not be found by a recovery.
    /// Throws if it may be: nothing must be written any more then.
    func retract() throws(ServiceError) {
        try file.write([UInt8](repeating: 0, count: LogGroup.size), at: position)
        try file.sync()
    }

    /// Reads the groups from a place on.
    func reader(from place: Position, _ heap: HeapFile) -> LogReader { LogReader(files, heap, session, from: place) }

    /// Goes on in the other file: a checkpoint begins, and the groups before it are in the database.
    mutating func switchFile() {
        index = 1 - index
        position = LogHeader.space
        bytesInHeap.confirmed = 0
        groups = 0
    }

    /// What a checkpoint that begins now has to say.
    func header(number: UInt64, _ metas: MetaPages, pageSize: Int, _ contents: HeapHead.Contents) -> LogHeader {
        LogHeader(
            session: session, generation: generation, number: number, isClosed: false, pageSize: pageSize,
            firstSequence: sequence, metas: metas, contents: contents)
    }
}

/// Why nothing can be written any more, until the next start: the disk failed to keep what was written. It is not asked
/// again: a second sync after one that failed may succeed without anything being on disk (fsync(2), "errors").
final class LogFailure: Sendable {
    private struct State {
        var refusal: ServiceError
        var outcome: ServiceError
    }

    private let state = Mutex<State?>(nil)
    private let log: PluginLog

    init(_ log: PluginLog = .none) { self.log = log }

    /// What changes are refused for that were not begun: nothing of them was written. `nil`: all is well.
    var current: ServiceError? { state.withLock { $0?.refusal } }

    /// What is said of changes that were under way: they may be there after the next start, or not. `nil`: all is well.
    var outcome: ServiceError? { state.withLock { $0?.outcome } }

    /// It happened: that is in the journal when this returns. The first one counts.
    func note(_ error: ServiceError) {
        let isFirst = state.withLock { state in
            if state != nil { return false }
            state = State(
                refusal: ServiceError(
                    .unavailable,
                    "\(error.message). Nothing is written any more: check the disk, then restart the service"),
                outcome: ServiceError(
                    .outcomeUnknown,
                    "\(error.message). The change may be there after the next start of the service, or not: look, or make it again where that does no harm"
                ))
            return true
        }
        if isFirst {
            log.error(
                "\(error.message). Nothing is written any more; changes that were under way may be there after the next start, or not. Check the disk, then restart the service"
            )
        }
    }
}
