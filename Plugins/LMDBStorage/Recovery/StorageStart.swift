// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import Glibc

/// Opens a storage in whatever state it was left: closed, killed, without power, in the middle of a start, or with
/// files that are missing, damaged or out of date. The directory is locked.
///
/// The articles are in the heap and the log; the index is derived from them. An index that is damaged or does not
/// belong to them is rebuilt. The heap and the log cannot be rebuilt: if something is missing there, the start is
/// refused unless the operator accepts the loss. Sessions tell which files belong together (``HeapHead``,
/// ``FileMark``, ``LogHeader``), and generations tell which are newer.
struct StorageStart {
    let directory: DataDirectory
    let limits: EngineLimits
    let disk: any Disk
    /// The operator accepts losing what cannot be recovered.
    var acceptsLoss = false
    var progress = StartProgress()
    /// Called with each loss, before anything is changed.
    var announce: (String) -> Void = { _ in }

    /// Opens the storage, and recovers it if necessary.
    func open() throws(ServiceError) -> OpenedStorage {
        var report = StartReport()
        try Migration(directory: directory, limits: limits, disk: disk, progress: progress).run()
        let log = try LogHeaders(directory)
        let head = try self.head(log)
        let mark = self.mark()
        try checkAge(head, mark, log, &report)
        let sums = try PageSums(directory.sums, pageSize: Int(getpagesize()))
        if head.isNew { return try rebuild(head, log, nil, sums, "", &report) }

        let files = try [0, 1].map { index throws(ServiceError) in try disk.open(directory.log(index)) }
        let header = log.newest(of: head.session)
        let isComplete = mark?.isComplete == true && mark?.session == head.session
        let survey = try survey(head, header?.header, files, isComplete)
        if header == nil, head.closed == nil, !isComplete {
            try acceptLoss(
                "\(directory.log(0)) and \(directory.log(1)) are missing, damaged or out of date, and the storage was not closed: writes that only they contain are lost; the articles in \(directory.heap) are kept",
                &report)
        }
        try checkGroups(survey, &report)
        if let reason = indexFault(head, mark, header?.header) {
            return try rebuild(head, log, survey, sums, reason, &report)
        }
        do throws(ServiceError) {
            if let mark, mark.isComplete, mark.session == head.session {
                let metas = try MetaPages(path: directory.database, pageSize: Int(getpagesize()))
                guard metas.checksum == mark.headsChecksum else {
                    throw DatabaseFile.damaged(
                        directory.database, "one of its two meta pages has changed since it was closed")
                }
                try check(metas, sums)
                let environment = try LMDBEnvironment.open(in: directory, head, limits, disk)
                return try closingOnError(environment) { () throws(ServiceError) in
                    try begin(environment, head, log, index: log.spare(head.session), sums, from: metas, report)
                }
            }
            guard let header = header?.header else { throw DatabaseFile.damaged(directory.database, "it has no log") }
            return try recover(head, log, header, survey, sums, report)
        } catch {
            guard error.code == .dataLoss else { throw error }
            return try rebuild(head, log, survey, sums, error.message, &report)
        }
    }

    // MARK: What is there

    /// The head of the heap. Creates the heap if there are no files at all.
    private func head(_ log: LogHeaders) throws(ServiceError) -> HeapHead {
        switch try HeapHead.read(directory.heap) {
        case .head(let head): return head
        case .legacy:
            throw HeapHead.mismatch(directory.heap, "it was written by an earlier articled, and its index is missing")
        case nil: break
        }
        for path in [directory.database, directory.sums] + (log.isEmpty ? [] : [directory.log(0)])
        where FilePart.exists(path) {
            throw ServiceError(
                .dataLoss,
                "\(directory.heap), the file with the articles, is missing, but \(path) exists: put it back, or restore a backup. To start without articles, move the other files away. Nothing was changed"
            )
        }
        let hash = KeyedHash.new()
        try HeapFile.create(directory.heap, hash, disk)
        try directory.sync()
        return HeapHead(hash)
    }

    /// The index's mark; `nil` if there is none that can be trusted.
    private func mark() -> FileMark? { try? FileMark(of: directory.database, pageSize: Int(getpagesize())) }

    /// Nothing may be newer than the heap.
    private func checkAge(
        _ head: HeapHead, _ mark: FileMark?, _ log: LogHeaders, _ report: inout StartReport
    ) throws(ServiceError) {
        let begun = log.newestBegun
        if max(mark?.generation ?? 0, begun?.generation ?? 0) > head.generation {
            try acceptLoss(
                "\(directory.heap), the file with the articles, is older than the files next to it: articles that were stored or changed since then are lost",
                &report)
            return
        }
        // Each generation has one session. A different one comes from another storage; the log decides whose articles
        // these are.
        let isOther = { (generation: UInt64, session: LogSession) in
            generation == head.generation && session != head.session
        }
        let isForeign =
            begun.map { isOther($0.generation, $0.session) } ?? mark.map { isOther($0.generation, $0.session) }
        if !head.isNew, isForeign == true {
            try acceptLoss(
                "\(directory.heap), the file with the articles, belongs to another storage than the files next to it",
                &report)
        }
    }

    private func survey(
        _ head: HeapHead, _ header: LogHeader?, _ files: [any DiskFile], _ isComplete: Bool
    ) throws(ServiceError) -> LogSurvey? {
        // The log is closed last, so a closed log is not needed.
        guard let header, !header.isClosed || header.number == 1 else { return nil }
        let known = try DurableMark(of: directory.durable)
        let survey = try LogSurvey(
            files, head.session, from: header.firstSequence,
            durable: known?.session == head.session ? known?.sequence ?? 0 : 0)
        // Its files were shortened after that, and the header that says so is gone.
        return isComplete && !survey.missing.isEmpty ? nil : survey
    }

    private func checkGroups(_ survey: LogSurvey?, _ report: inout StartReport) throws(ServiceError) {
        guard let survey, case let gaps = survey.missing, !gaps.isEmpty else { return }
        let numbers = gaps.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
        let later = survey.groups.filter { $0.group.sequence > gaps[0].lowerBound }.reduce(0) { $0 + $1.group.count }
        try acceptLoss(
            "the log (\(directory.log(0)) and \(directory.log(1))) is damaged: the writes of group \(numbers.joined(separator: ", ")) were acknowledged, but cannot be read; the \(later) writes after them can be read, and are kept",
            &report)
    }

    /// Why the index cannot be used as it is; `nil` if it seems to belong to the heap.
    private func indexFault(_ head: HeapHead, _ mark: FileMark?, _ header: LogHeader?) -> String? {
        if !FilePart.exists(directory.database) { return "it is missing" }
        guard let mark else { return "its first page is damaged, or it is not an index" }
        // The last start was interrupted between its first steps. The header has the snapshot that the session begins
        // with.
        if let header, header.isClosed, header.number == 1 { return nil }
        guard mark.session == head.session, mark.generation == head.generation else {
            return "it does not match the articles"
        }
        if mark.isComplete { return nil }
        guard let header else { return "it was not closed, and its log is missing" }
        if header.number < mark.checkpoint { return "its log does not contain its last checkpoint" }
        return nil
    }

    /// Throws, or records the loss.
    private func acceptLoss(_ loss: String, _ report: inout StartReport) throws(ServiceError) {
        guard acceptsLoss else {
            throw ServiceError(
                .dataLoss,
                "\(loss). Nothing was changed. Restore a backup, or run `articled --recover` to continue without what is lost"
            )
        }
        announce(loss)
        report.givenUp.append(loss)
    }

    // MARK: Opening

    /// Throws `dataLoss` unless all pages of a snapshot match their checksums.
    private func check(_ metas: MetaPages, _ sums: PageSums) throws(ServiceError) {
        let database = try disk.open(directory.database)
        let size = max(1, try database.size() / Int(getpagesize()))
        let fault = try sums.fault(database, metas) { count in
            progress.report("checking the index: \(count * 100 / size) %")
        }
        if let fault { throw DatabaseFile.damaged(directory.database, fault) }
    }

    /// Recovers the index from a checkpoint. The checkpoint's snapshot t is intact, whatever was written later: all
    /// its pages are on disk and were not reused (``SnapshotPin``). Writing back the meta pages of t makes LMDB
    /// forget everything later; then all writes since t are replayed. A crash in the middle changes nothing of this.
    private func recover(
        _ head: HeapHead, _ log: LogHeaders, _ header: LogHeader, _ survey: LogSurvey?, _ sums: PageSums,
        _ report: StartReport
    ) throws(ServiceError) -> OpenedStorage {
        try restoreHeads(header)
        try check(header.metas, sums)
        let environment = try LMDBEnvironment.open(in: directory, head, limits, disk)
        return try closingOnError(environment) { () throws(ServiceError) in
            try environment.disableSync()
            let pin = try SnapshotPin(environment)
            defer { pin.release() }
            var report = report
            var replay = Replay(environment, of: header.session, from: pin.number)
            if let survey {
                let groups = try survey.valid(environment.heap)
                try replay.run(groups, of: survey) { done in
                    progress.report("replaying the log: \(done) of \(groups.count) groups")
                }
            }
            // Readers may know what was lost.
            if !report.givenUp.isEmpty { try environment.beginHistory() }
            try OrphanRecords(environment).clear(progress)
            report.replayed = replay.count
            report.damaged = replay.damaged
            return try begin(environment, head, log, index: log.spare(head.session), sums, from: header.metas, report)
        }
    }

    private func restoreHeads(_ header: LogHeader) throws(ServiceError) {
        let file = try disk.open(directory.database)
        let now = try MetaPages(path: directory.database, pageSize: header.pageSize).pages(directory.database)
        let then = try header.metas.pages(directory.database)
        guard max(now.0.transaction, now.1.transaction) >= max(then.0.transaction, then.1.transaction) else {
            throw DatabaseFile.damaged(directory.database, "it is older than its log")
        }
        _ = try DatabaseFile(then.0, then.1, size: try file.size(), directory.database)
        try header.metas.restore(to: file, pageSize: header.pageSize)
    }

    /// Rebuilds the index and opens it.
    private func rebuild(
        _ head: HeapHead, _ log: LogHeaders, _ survey: LogSurvey?, _ sums: PageSums, _ reason: String,
        _ report: inout StartReport
    ) throws(ServiceError) -> OpenedStorage {
        let header = log.newest(of: head.session)?.header
        var groups: (survey: LogSurvey, groups: ArraySlice<LogSurvey.Found>)?
        if let survey {
            let heap = try HeapFile(directory.heap, head, capacity: limits.mapSize, disk)
            defer { heap.close() }
            groups = (survey, try survey.valid(heap))
        }
        try checkHeapSize(head, header, groups?.groups, &report)
        let outcome = try IndexRebuild(
            directory: directory, head: head, limits: limits, disk: disk, log: groups,
            confirmed: head.closed?.sequence ?? header?.contents.sequence,
            used: max(head.closed?.sequence ?? 0, header?.contents.sequence ?? 0), progress: progress
        ).run()
        if let expected = expectedRecords(head, header, groups?.groups), outcome.records < expected {
            try acceptLoss(
                "\(expected - outcome.records) of \(expected) articles in \(directory.heap) cannot be found: their records are damaged",
                &report)
        }
        if !head.isNew { report.rebuilt = (reason, outcome.records) }
        report.damaged += outcome.damaged
        let environment = try LMDBEnvironment.open(in: directory, head, limits, disk)
        return try closingOnError(environment) { () throws(ServiceError) in
            try begin(environment, head, log, index: log.spare(head.session), sums, from: nil, report)
        }
    }

    /// The heap must be at least as long as it was.
    private func checkHeapSize(
        _ head: HeapHead, _ header: LogHeader?, _ groups: ArraySlice<LogSurvey.Found>?, _ report: inout StartReport
    ) throws(ServiceError) {
        guard let end = head.closed?.end ?? header?.contents.end else { return }
        let size = try disk.open(directory.heap).size()
        if size < end {
            try acceptLoss(
                "\(directory.heap), the file with the articles, was truncated: it has \(size) bytes, and had \(end)",
                &report)
        }
    }

    private func expectedRecords(
        _ head: HeapHead, _ header: LogHeader?, _ groups: ArraySlice<LogSurvey.Found>?
    ) -> Int? {
        if let closed = head.closed { return Int(clamping: closed.records) }
        return (groups?.last?.group.records ?? header?.contents.records).map { Int(clamping: $0) }
    }

    /// Begins a session with an empty log. Each step is on disk before the next one. After each step, the next start
    /// finds a consistent state: with the earlier mark, the new header is an empty log that is not needed; with the
    /// new mark, it is the log.
    private func begin(
        _ environment: LMDBEnvironment, _ head: HeapHead, _ found: LogHeaders, index: Int, _ sums: PageSums,
        from before: MetaPages?, _ report: StartReport
    ) throws(ServiceError) -> OpenedStorage {
        try environment.disableSync()
        let files = try [0, 1].map { index throws(ServiceError) in try disk.open(directory.log(index)) }
        for file in files { try RedoLog.fill(file) }
        let generation = found.nextGeneration(after: head.generation)
        let log = try RedoLog(files, .new(), generation: generation, index: index)
        let pin = try SnapshotPin(environment)
        do throws(ServiceError) {
            let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
            if metas != before { try sums.update(environment.files.database, from: before, to: metas, disk) }
            var header = log.header(
                number: 1, metas, pageSize: environment.pageSize, try environment.heapContents())
            header.isClosed = true
            try log.file.write(header.encoded(), at: 0)
            try log.file.sync()
            try directory.sync()
            try environment.files.sync()
            try environment.heap.mark(log.session, generation: generation)
            try environment.heap.sync()
            try FileMark(session: log.session, generation: generation, checkpoint: 1)
                .write(to: environment.files.database, pageSize: environment.pageSize)
            try environment.files.sync()
            header.isClosed = false
            try log.file.write(header.encoded(), at: 0)
            try log.file.sync()
            environment.session = log.session
            // Only now: until a checkpoint is made, a recovery begins before this, and does it again.
            try ChangeUpgrade(environment, progress).run()
            return OpenedStorage(
                environment: environment, log: log, pin: pin, metas: metas, sums: sums, report: report)
        } catch {
            pin.release()
            throw error
        }
    }

    private func closingOnError<Result>(
        _ environment: LMDBEnvironment, _ body: () throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        do throws(ServiceError) {
            return try body()
        } catch {
            environment.close()
            throw error
        }
    }
}
