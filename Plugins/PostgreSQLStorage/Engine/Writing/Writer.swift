// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime

/// Carries out writes, a group at a time: one transaction that locks what is there, and one message with all that changes.
///
/// For the I/O thread alone.
final class Writer {
    private enum State {
        case idle
        /// A transaction is under way.
        case busy
        /// The group is tried again at this time.
        case pausing(UInt64)
        /// The connection was lost within a commit, and it is not known yet what became of it.
        case uncertain(Uncertain)
    }

    /// A commit without an answer.
    private struct Uncertain {
        let plan: WritePlan
        let transaction: Int64
        /// Where numbers of transactions mean the same.
        let place: String
        /// When the writers are told that it is not known.
        let deadline: UInt64
        var nextAttempt: UInt64 = 0
        var isAsking = false
    }

    /// The most writes of a transaction; each has a number among 2^16.
    private static let maxWrites = 1024
    private static let maxBytes = 8 << 20
    private static let maxAttempts = 20
    /// The longest wait for writers that come back, in nanoseconds.
    private static let gathering: UInt64 = 1_000_000
    /// How long it is asked what became of a commit. Another server becomes the primary meanwhile.
    private static let patience: UInt64 = 60_000_000_000

    private let link: Link
    private let queue: WriteQueue
    private let log: PluginLog
    /// The connector's trouble, for writers that waited too long.
    private let trouble: () -> ServiceError?
    /// Called after each commit.
    private let committed: (Rows?, Int) -> Void

    private var state = State.idle
    private var group: [PendingWrite] = []
    /// Writes that were in a group with one that the database does not take: each in a transaction of its own.
    private var alone: [PendingWrite] = []
    private var attempts = 0
    /// When the transaction was begun.
    private var begunAt: UInt64 = 0
    /// Writers that were just answered usually write again at once. Until this time, so many are waited for: else half of them
    /// would always wait for the transaction of the other half.
    private var gathering: (until: UInt64, count: Int) = (0, 0)

    init(
        _ link: Link, _ queue: WriteQueue, _ log: PluginLog, trouble: @escaping () -> ServiceError?,
        committed: @escaping (_ totals: Rows?, _ writes: Int) -> Void
    ) {
        self.link = link
        self.queue = queue
        self.log = log
        self.trouble = trouble
        self.committed = committed
    }

    /// Nothing is under way, and nothing waits.
    var isDone: Bool {
        if case .idle = state { group.isEmpty && alone.isEmpty && queue.isEmpty } else { false }
    }

    /// When ``step()`` is to be called again.
    var nextStep: UInt64 {
        switch state {
        case .pausing(let time): time
        case .uncertain(let uncertain): min(uncertain.nextAttempt, uncertain.deadline)
        case .idle: isGathering ? gathering.until : .max
        case .busy: .max
        }
    }

    private var isGathering: Bool {
        guard gathering.count > 0, group.isEmpty, alone.isEmpty, MonotonicClock.now < gathering.until else {
            return false
        }
        let count = queue.count
        return count > 0 && count < gathering.count
    }

    /// Begins what can be begun.
    func step() {
        switch state {
        case .busy: return
        case .uncertain: return investigate()
        case .pausing(let time):
            guard MonotonicClock.now >= time else { return }
            state = .idle
        case .idle: break
        }
        guard link.isConnected, !isGathering else { return }
        if group.isEmpty {
            attempts = 0
            if alone.isEmpty {
                group = queue.take(Self.maxWrites, bytes: Self.maxBytes)
            } else {
                group = [alone.removeFirst()]
            }
        }
        if !group.isEmpty { begin() }
    }

    /// Refuses what has waited for a connection since before this time.
    func expire(before time: UInt64) {
        guard !link.isConnected else { return }
        let error =
            trouble()
            ?? ServiceError(.unavailable, "there is no connection to the database: nothing was changed; retry later")
        refuse(alone.filter { $0.queuedAt < time }, error)
        alone.removeAll { $0.queuedAt < time }
        // Also behind a commit whose outcome is not known yet.
        refuse(queue.takeExpired(before: time), error)
        if case .uncertain = state { return }
        refuse(group.filter { $0.queuedAt < time }, error)
        group.removeAll { $0.queuedAt < time }
    }

    /// The service stops, and nothing more can be done.
    func abandon() {
        let error = ServiceError(.unavailable, "the storage is closing: nothing was changed")
        if case .uncertain = state {
            giveUp()
        } else if case .busy = state {
            refuse(group, .uncertain("the service stopped within a commit"))
        } else {
            refuse(group, error)
        }
        group = []
        refuse(alone, error)
        alone = []
        refuse(queue.take(.max, bytes: .max), error)
    }

    // MARK: A transaction

    private func begin() {
        state = .busy
        attempts += 1
        begunAt = MonotonicClock.now
        let ids = Set(group.map(\.namedID)).sorted()
        let keys: [[UInt8]?] = Set(group.flatMap { [$0.key, $0.formerKey] }.filter { !$0.isEmpty }).map { $0 }
        func named(_ parameters: inout Parameters) {
            parameters.add(ids: ids)
            parameters.add(all: keys)
        }
        let queries = [
            Query(.begin), Query(.lock) { named(&$0) },
            Query(.present) { parameters in
                named(&parameters)
                parameters.add(numbers: Set(group.filter { $0.kind == .put }.map { Int64($0.checksum) }).sorted())
            }, Query(.number),
        ]
        link.send(queries) { [self] answer in
            switch answer {
            case .failure(let error): failed(error)
            case .success(let rows): locked(rows)
            }
        }
    }

    /// The records are locked.
    private func locked(_ rows: [Rows]) {
        guard rows.count == 4, rows[3].count == 1, let place = link.connection?.place,
            let slot = link.connection.map({ Int64($0.backend) & 63 })
        else { return failed(.disconnected("the answer is incomplete")) }
        let (lock, found, number) = (rows[1], rows[2], rows[3])
        let locks = Set((0..<lock.count).map { lock.id($0, 0) })
        let present = (0..<found.count).map { WritePlan.Record(found, $0) }
        // A record came in between: it has one of the keys or ids, and is not locked.
        guard present.allSatisfy({ locks.contains($0.id) }) else {
            return failed(DatabaseError(state: "40001", "another writer was quicker"))
        }
        let plan = WritePlan(group, present, firstSequence: number.number(0, 1))
        if plan.isEmpty {
            link.send([Query(.rollback)]) { [self] _ in finish(plan, totals: nil) }
            return
        }
        let growth = plan.growth
        var queries = plan.queries
        queries.append(
            Query(.count) { parameters in
                parameters.add(slot)
                parameters.add(growth.records)
                parameters.add(growth.bytes)
            })
        queries += [Query(.unlimited), Query(.commit)]
        let transaction = number.number(0, 0)
        link.send(queries) { [self] answer in
            switch answer {
            case .success(let rows): finish(plan, totals: rows.count == queries.count ? rows[rows.count - 3] : nil)
            case .failure(let error):
                guard error.endsConnection, error.state != "25006" else { return failed(error) }
                log.warning("the connection was lost within a commit: \(error.message)")
                state = .uncertain(
                    Uncertain(
                        plan: plan, transaction: transaction, place: place,
                        deadline: MonotonicClock.after(nanoseconds: Self.patience)))
            }
        }
    }

    private func finish(_ plan: WritePlan, totals: Rows?) {
        let done = group
        group = []
        state = .idle
        queue.finished(done)
        let time = MonotonicClock.elapsed(from: begunAt, to: MonotonicClock.now)
        gathering = (
            MonotonicClock.after(nanoseconds: min(Self.gathering, time / 4)),
            min(Self.maxWrites, done.count + queue.count)
        )
        if !plan.isEmpty { committed(totals, done.count) }
        for (write, result) in zip(done, plan.results) { write.complete(result) }
    }

    /// The transaction was rolled back.
    private func failed(_ error: DatabaseError) {
        if !error.endsConnection { link.send([Query(.rollback)]) { _ in } }
        state = .idle
        if error.endsConnection {
            // The next connection, if it comes soon enough.
            return
        }
        if error.isRace, attempts < Self.maxAttempts {
            let longest = UInt64(attempts) * 4_000_000
            state = .pausing(MonotonicClock.after(nanoseconds: .random(in: 0...longest)))
            return
        }
        let status = error.status("cannot write to the database")
        if group.count > 1, !error.isRace, status.code != .resourceExhausted || error.state.hasPrefix("54"),
            status.code != .failedPrecondition
        {
            // It may be the fault of one of them.
            alone = group + alone
            group = []
            return
        }
        log.warning(status.message)
        refuse(group, status)
        group = []
    }

    private func refuse(_ writes: [PendingWrite], _ error: ServiceError) {
        queue.finished(writes)
        for write in writes { write.refuse(error) }
    }

    // MARK: A lost commit

    /// Asks what became of a commit, until that is known or the time is over.
    private func investigate() {
        guard case .uncertain(var uncertain) = state, !uncertain.isAsking else { return }
        if MonotonicClock.now >= uncertain.deadline { return giveUp() }
        guard let connection = link.connection, MonotonicClock.now >= uncertain.nextAttempt else { return }
        uncertain.isAsking = true
        uncertain.nextAttempt = MonotonicClock.after(nanoseconds: 100_000_000)
        state = .uncertain(uncertain)
        let plan = uncertain.plan
        if connection.place == uncertain.place {
            link.send([Query(.outcome) { $0.add(uncertain.transaction) }]) { [self] answer in
                // A number "in the future": a crash has lost the transaction, and its number was not given again yet.
                if case .failure(let error) = answer, error.state == "22023" { return find(plan) }
                guard case .success(let rows) = answer, let rows = rows.first, rows.count == 1 else {
                    return askAgain()
                }
                switch rows.bytes(0, 0) {
                // Perhaps another one: a crash may lose a transaction's number with it, and the number is given again.
                case Array("committed".utf8): find(plan)
                case Array("aborted".utf8):
                    log.notice("the commit was not carried out; its writes are repeated")
                    state = .idle
                case []: find(plan)
                default: askAgain()
                }
            }
        } else {
            find(plan)
        }
    }

    /// The number of the transaction proves nothing, after a crash or on another server: the changes do, if they are there. If
    /// they are not, others may have changed the same articles since.
    private func find(_ plan: WritePlan) {
        let changes = plan.changes
        let query = Query(.findChanges) { parameters in
            parameters.add(ids: changes.map(\.id))
            parameters.add(numbers: changes.map(\.sequence))
        }
        link.send([query]) { [self] answer in
            guard case .success(let rows) = answer, let rows = rows.first else { return askAgain() }
            if rows.count > 0 { confirm(plan) } else { giveUp() }
        }
    }

    /// It was carried out, but perhaps no replica has it. A commit behind it waits for the replicas, too.
    private func confirm(_ plan: WritePlan) {
        let slot = link.connection.map { Int64($0.backend) & 63 } ?? 0
        let growth = Query(.count) { parameters in
            parameters.add(slot)
            parameters.add(0)
            parameters.add(0)
        }
        link.send([Query(.begin), growth, Query(.unlimited), Query(.commit)]) { [self] answer in
            guard case .success(let rows) = answer, rows.count == 4 else { return askAgain() }
            log.notice("the commit was carried out")
            finish(plan, totals: rows[1])
        }
    }

    private func askAgain() {
        guard case .uncertain(var uncertain) = state else { return }
        uncertain.isAsking = false
        state = .uncertain(uncertain)
    }

    private func giveUp() {
        log.error("it is not known whether \(group.count) writes were carried out")
        let lost = group
        group = []
        state = .idle
        refuse(lost, .uncertain("the connection to the database was lost within the commit"))
    }
}

extension WritePlan.Record {
    /// A row of ``Statement/present``.
    init(_ rows: Rows, _ row: Int) {
        self.init(
            id: rows.id(row, 0), revision: UInt64(clamping: rows.number(row, 1)), createdAt: rows.number(row, 2),
            storedAt: rows.number(row, 3), time: rows.number(row, 4),
            checksum: UInt32(truncatingIfNeeded: rows.number(row, 5)), key: rows.bytes(row, 6),
            terms: PackedTerms(stored: rows.bytes(row, 7)), size: Int(rows.number(row, 8)),
            content: rows.isNull(row, 9) ? nil : rows.bytes(row, 9))
    }
}

extension ServiceError {
    fileprivate static func uncertain(_ reason: String) -> ServiceError {
        ServiceError(
            .outcomeUnknown,
            "\(reason): the write may or may not have been carried out; fetch the article, or repeat the write with its id"
        )
    }
}
