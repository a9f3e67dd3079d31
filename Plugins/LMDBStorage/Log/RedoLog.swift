// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc
internal import HandlerKit
internal import Synchronization

/// The redo log as the committer writes it. A group becomes durable here, with one sync, before the pages of the
/// index do.
///
/// Two files alternate. Each begins with a checkpoint (``LogHeader``), followed by groups. While a checkpoint is
/// being made, groups already go to the other file, whose old groups are no longer needed. So the files are
/// overwritten in place: a sync that allocates no block and changes no size costs half of one that does (on ext4 the
/// latter also commits the journal).
///
/// For the committer's thread only. Sendable although it holds pointers: they are valid only within a call.
@safe
struct RedoLog: @unchecked Sendable {
    /// How the files grow (``FileEnd``).
    private static let step = 1 << 20
    private static let largeGroup = 96 << 10
    /// The size that a file keeps while the storage is closed.
    static let closedSize = 4 << 20

    /// The smallest size of a file, so that even on a full disk there is room for what frees space: deletions and
    /// checkpoints.
    private static let minSize = 256 << 10

    let files: [any DiskFile]
    let session: LogSession
    let generation: UInt64
    /// The file in use.
    private(set) var index: Int
    /// Where the next group begins.
    private(set) var position = LogHeader.space
    /// The number of the next group.
    private(set) var sequence: UInt64 = 1
    /// The number of groups since the last checkpoint began.
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

    /// Extends a file to its smallest size.
    static func fill(_ file: any DiskFile) throws(ServiceError) {
        let size = try file.size()
        if size >= minSize { return }
        try file.write([UInt8](repeating: 0, count: minSize - size), at: size)
        try file.sync()
    }

    /// The position of a group.
    struct Position {
        var index: Int
        var position: Int
        var sequence: UInt64
    }

    var file: any DiskFile { files[index] }
    /// The position of the next group.
    var end: Position { Position(index: index, position: position, sequence: sequence) }
    /// Bytes written since the last checkpoint began, to the log or to the heap only.
    var bytes: Int { position - LogHeader.space + bytesInHeap.confirmed }

    /// Writes a group, before anyone is told.
    ///
    /// - Parameters:
    ///   - locations: where the records are, including those of deletions, in order.
    ///   - areInHeap: the records are already in the heap, and will be synced with the log. The log only refers to
    ///     them.
    ///   - records: the number of articles, including this group.
    ///   - durable: the last group known to be on disk.
    /// - Returns: the group, for ``confirm(_:)`` or ``retract()``; `nil` if nothing changed and nothing was written.
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

    /// Starts writing an appended group to disk.
    func start(_ group: LogGroup) throws(ServiceError) {
        try file.startWriting(group.end(from: position) - position, at: position)
    }

    /// Keeps the appended group.
    mutating func confirm(_ group: LogGroup) {
        position = group.end(from: position)
        bytesInHeap.confirmed += bytesInHeap.appended
        sequence += 1
        groups += 1
    }

    /// Erases the appended group, so that no recovery finds it. If this throws, a recovery may find it, and nothing
    /// more may be written.
    func retract() throws(ServiceError) {
        try file.write([UInt8](repeating: 0, count: LogGroup.size), at: position)
        try file.sync()
    }

    /// Reads groups from a position on.
    func reader(from place: Position, _ heap: HeapFile) -> LogReader { LogReader(files, heap, session, from: place) }

    /// Continues in the other file: a checkpoint begins, and earlier groups are in the tables.
    mutating func switchFile() {
        index = 1 - index
        position = LogHeader.space
        bytesInHeap.confirmed = 0
        groups = 0
    }

    /// The header of a checkpoint that begins now.
    func header(number: UInt64, _ metas: MetaPages, pageSize: Int, _ contents: HeapHead.Contents) -> LogHeader {
        LogHeader(
            session: session, generation: generation, number: number, isClosed: false, pageSize: pageSize,
            firstSequence: sequence, metas: metas, contents: contents)
    }
}

/// Whether writing is disabled until the next start, because the disk failed to keep what was written. The sync is
/// not retried: a sync after a failed one may succeed although the data never reached the disk (fsync(2), "errors").
final class LogFailure: Sendable {
    private struct State {
        var refusal: ServiceError
        var outcome: ServiceError
    }

    private let state = Mutex<State?>(nil)
    private let log: PluginLog

    init(_ log: PluginLog = .none) { self.log = log }

    /// The refusal for writes that were not started: nothing of them was written. `nil` if writing works.
    var current: ServiceError? { state.withLock { $0?.refusal } }

    /// The answer for writes in flight: they may or may not exist after the next start. `nil` if writing works.
    var outcome: ServiceError? { state.withLock { $0?.outcome } }

    /// Records a failure, and logs it before it returns. Only the first one counts.
    func note(_ error: ServiceError) {
        let isFirst = state.withLock { state in
            if state != nil { return false }
            state = State(
                refusal: ServiceError(
                    .unavailable,
                    "\(error.message). Writing is disabled: check the disk, then restart the service"),
                outcome: ServiceError(
                    .outcomeUnknown,
                    "\(error.message). The write may or may not take effect after the next start of the service: check, or repeat it if that does no harm"
                ))
            return true
        }
        if isFirst {
            log.error(
                "\(error.message). Writing is disabled. Writes in flight may or may not take effect after the next start. Check the disk, then restart the service"
            )
        }
    }
}
