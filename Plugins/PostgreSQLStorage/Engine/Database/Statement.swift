// SPDX-License-Identifier: Apache-2.0
internal import HandlerKit

/// A statement that every connection of a role prepares when it is opened.
///
/// Its plan is kept, perhaps from when the tables were empty. So rows are looked up by LATERAL with a limit, of which there
/// is only one plan, rather than by joins.
struct Statement: Sendable, Hashable {
    /// Unique within a connection.
    let name: String
    let text: String
    /// It is not prepared: the best plan depends on its parameters.
    let isPlannedEachTime: Bool

    init(_ name: String, _ text: String, isPlannedEachTime: Bool = false) {
        self.name = name
        self.text = text
        self.isPlannedEachTime = isPlannedEachTime
    }

    static func == (a: Statement, b: Statement) -> Bool { a.name == b.name }

    func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What a connection is for.
enum ConnectionRole: Sendable {
    /// One at a time writes.
    case writer
    /// Several read.
    case reader
    /// The same on a replica, or, if there is none, on the primary: what may be stale.
    case replica
    /// One watches for changes, and keeps figures.
    case watcher

    /// What it prepares.
    var statements: [Statement] {
        switch self {
        case .writer: Statement.writing
        case .reader, .replica: Statement.reading
        case .watcher: Statement.watching
        }
    }
}

extension Statement {
    // MARK: Transactions

    static let begin = Statement("begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    static let beginSnapshot = Statement("begin_snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    static let commit = Statement("commit", "COMMIT")
    /// Before a commit: a time-out would end its wait for a replica, and it would succeed without one.
    static let unlimited = Statement("unlimited", "SET LOCAL statement_timeout = 0")
    static let rollback = Statement("rollback", "ROLLBACK")

    // MARK: Reading

    private static let columns =
        "r.id, r.revision, r.created_at, r.stored_at, r.time, r.checksum, r.key, r.content"

    /// $1: id.
    static let get = Statement("get", "SELECT \(columns) FROM articled.records r WHERE r.id = $1::uuid")
    /// $1: ids. In no order, without those that are not there.
    static let getSeveral = Statement(
        "get_several",
        "SELECT \(columns) FROM unnest($1::uuid[]) w(id) "
            + "CROSS JOIN LATERAL (SELECT * FROM articled.records x WHERE x.id = w.id LIMIT 1) r")
    /// $1: key. The index has its hash, because a key may be longer than an index allows.
    static let getByKey = Statement(
        "get_by_key",
        "SELECT \(columns) FROM articled.records r WHERE sha256(r.key) = sha256($1::bytea) AND r.key = $1::bytea")

    /// Lists of records with so many terms: $1 first time, $2 and $3 the greatest time and id, $4 the most records, $5 the most
    /// bytes, then the terms.
    static let scans: [Statement] = (0...StorageQuery.termLimit).map { count in
        let from: String
        if count == 0 {
            from = "articled.records t0"
        } else {
            let joins = (1..<max(count, 1)).map { index in
                " JOIN articled.terms t\(index) ON t\(index).term = $\(6 + index)::bytea"
                    + " AND t\(index).time = t0.time AND t\(index).id = t0.id"
            }
            from = "articled.terms t0" + joins.joined()
        }
        // Contents are only fetched for the rows that are wanted: large ones are not in the row.
        return Statement(
            "scan_\(count)",
            """
            SELECT \(columns) FROM (
                SELECT r.*, sum(octet_length(r.content)) OVER (
                    ORDER BY r.time DESC, r.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                FROM (
                    SELECT t0.time, t0.id FROM \(from)
                    WHERE \(count == 0 ? "" : "t0.term = $6::bytea AND") t0.time >= $1::bigint
                        AND (t0.time, t0.id) <= ($2::bigint, $3::uuid)
                    ORDER BY t0.time DESC, t0.id DESC LIMIT $4::bigint) l
                CROSS JOIN LATERAL (SELECT * FROM articled.records x WHERE x.id = l.id LIMIT 1) r) r
            WHERE r.before IS NULL OR r.before < $5::bigint ORDER BY r.time DESC, r.id DESC
            """, isPlannedEachTime: count > 1)
    }

    // MARK: Changes

    /// The number above all that have been given to transactions that have ended: what is below it stays as it is.
    private static let horizon =
        "(SELECT base FROM articled.about) + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16)"

    /// $1: the number up to which a reader has seen everything.
    ///
    /// The last change that readers are shown, the last deletion that was forgotten, the sessions at the end of the last change's
    /// transaction and at $1, the last change of all, and the horizon.
    static let changeState = Statement(
        "change_state",
        """
        SELECT s.last, s.forgotten,
            (SELECT session FROM articled.sessions WHERE first < ((s.last >> 16) + 1) << 16 ORDER BY first DESC LIMIT 1),
            (SELECT session FROM articled.sessions WHERE first < $1::bigint ORDER BY first DESC LIMIT 1),
            greatest((SELECT max(sequence) FROM articled.records), (SELECT max(sequence) FROM articled.deletions)),
            (\(horizon))
        FROM (SELECT forgotten, greatest(forgotten,
                (SELECT max(sequence) FROM articled.records WHERE sequence < (\(horizon))),
                (SELECT max(sequence) FROM articled.deletions WHERE sequence < (\(horizon)))) AS last
            FROM articled.about) s
        """)

    /// $1: after, $2: the most changes and one more, $3: the most bytes. The row that is one too many says so.
    static let changes = Statement(
        "changes",
        """
        SELECT c.sequence, c.kind, c.id, c.revision, c.created_at, c.stored_at, c.time, c.checksum,
            CASE WHEN c.fits THEN c.key END, CASE WHEN c.fits THEN c.content END, c.fits
        FROM (
            SELECT l.sequence, l.kind, l.id, coalesce(r.revision, l.revision) AS revision, r.created_at,
                coalesce(r.stored_at, l.stored_at) AS stored_at, r.time, r.checksum, r.key, r.content,
                row_number() OVER (ORDER BY l.sequence) < $2::bigint AND coalesce(sum(octet_length(r.content)) OVER (
                    ORDER BY l.sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < $3::bigint AS fits,
                coalesce(sum(octet_length(r.content)) OVER (
                    ORDER BY l.sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) < $3::bigint AS shown
            FROM (
                (SELECT sequence, 1::bigint AS kind, id, 0::bigint AS revision, 0::bigint AS stored_at
                    FROM articled.records
                    WHERE sequence > $1::bigint AND sequence < (\(horizon)) ORDER BY sequence LIMIT $2::bigint)
                UNION ALL
                (SELECT sequence, 2::bigint, id, revision, deleted_at FROM articled.deletions
                    WHERE sequence > $1::bigint AND sequence < (\(horizon)) ORDER BY sequence LIMIT $2::bigint)
                ORDER BY sequence LIMIT $2::bigint) l
            LEFT JOIN LATERAL (SELECT * FROM articled.records x WHERE l.kind = 1 AND x.id = l.id LIMIT 1) r ON true) c
        WHERE c.shown ORDER BY c.sequence
        """)

    static let reading = [beginSnapshot, commit, get, getSeveral, getByKey, changeState, changes] + scans

    // MARK: Writing

    private static let named = """
        SELECT unnest($1::uuid[]) AS id UNION SELECT k.id FROM unnest($2::bytea[]) AS w(key)
            CROSS JOIN LATERAL (SELECT x.id FROM articled.records x WHERE sha256(x.key) = sha256(w.key) LIMIT 1) k
        """

    /// Locks the records with these ids ($1) and keys ($2), in the order of their ids, so that two writers never wait for each
    /// other.
    static let lock = Statement(
        "lock",
        """
        SELECT r.id FROM (SELECT id FROM (\(named)) n ORDER BY id OFFSET 0) n
        CROSS JOIN LATERAL (SELECT x.id FROM articled.records x WHERE x.id = n.id FOR UPDATE) r
        """)

    /// The same records as they are now, after the wait. Contents only with one of the checksums ($3).
    static let present = Statement(
        "present",
        """
        SELECT r.id, r.revision, r.created_at, r.stored_at, r.time, r.checksum, r.key, r.terms,
            octet_length(r.content), CASE WHEN r.checksum = ANY($3::bigint[]) THEN r.content END
        FROM (\(named)) n CROSS JOIN LATERAL (SELECT * FROM articled.records x WHERE x.id = n.id LIMIT 1) r
        """)

    /// The number of the transaction, and the first sequence number that is its own.
    static let number = Statement(
        "number",
        """
        SELECT pg_current_xact_id()::text::bigint,
            (SELECT base FROM articled.about) + (pg_current_xact_id()::text::bigint << 16)
        """)

    /// $1: ids.
    static let removeRecords = Statement("remove_records", "DELETE FROM articled.records WHERE id = ANY($1::uuid[])")
    /// $1: ids of records whose keys are about to be others'.
    static let releaseKeys = Statement(
        "release_keys", "UPDATE articled.records SET key = NULL WHERE id = ANY($1::uuid[])")

    private static let values = """
        unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[],
            $9::bytea[], $10::bytea[])
            AS w(id, revision, sequence, created_at, stored_at, time, checksum, key, terms, content)
        """

    static let insert = Statement(
        "insert",
        """
        INSERT INTO articled.records
            (id, revision, sequence, created_at, stored_at, time, checksum, key, terms, content)
        SELECT * FROM \(values)
        """)
    /// The records are there, and locked.
    static let update = Statement(
        "update",
        """
        INSERT INTO articled.records
            (id, revision, sequence, created_at, stored_at, time, checksum, key, terms, content)
        SELECT * FROM \(values)
        ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, sequence = excluded.sequence,
            created_at = excluded.created_at, stored_at = excluded.stored_at, time = excluded.time,
            checksum = excluded.checksum, key = excluded.key, terms = excluded.terms, content = excluded.content
        """)

    /// $1: terms, $2: times, $3: ids.
    static let removeTerms = Statement(
        "remove_terms",
        """
        DELETE FROM articled.terms WHERE ctid = ANY(ARRAY(
            SELECT t.ctid FROM unnest($1::bytea[], $2::bigint[], $3::uuid[]) AS w(term, time, id)
            CROSS JOIN LATERAL (SELECT x.ctid FROM articled.terms x
                WHERE x.term = w.term AND x.time = w.time AND x.id = w.id LIMIT 1) t))
        """)
    static let addTerms = Statement(
        "add_terms",
        "INSERT INTO articled.terms (term, time, id) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::uuid[])")

    /// $1: ids of records that are there again.
    static let removeDeletions = Statement(
        "remove_deletions", "DELETE FROM articled.deletions WHERE id = ANY($1::uuid[])")
    /// $1: ids, $2: sequence numbers, $3: revisions, $4: when.
    static let addDeletions = Statement(
        "add_deletions",
        """
        INSERT INTO articled.deletions AS d (id, sequence, revision, deleted_at)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, revision = excluded.revision,
            deleted_at = excluded.deleted_at
        """)

    /// Adds to the totals of one slot: $1 slot, $2 records, $3 bytes.
    static let count = Statement(
        "count",
        """
        INSERT INTO articled.totals AS t (slot, version, records, bytes) VALUES ($1::bigint, 1, $2::bigint, $3::bigint)
        ON CONFLICT (slot) DO UPDATE SET version = t.version + 1, records = t.records + excluded.records,
            bytes = t.bytes + excluded.bytes
        RETURNING slot, version, records, bytes
        """)

    // MARK: After a connection was lost

    /// What became of a transaction: $1 its number. NULL: too long ago.
    static let outcome = Statement("outcome", "SELECT pg_xact_status(($1::bigint)::text::xid8)")
    /// Whether one of these changes is there: $1 ids, $2 sequence numbers.
    static let findChanges = Statement(
        "find_changes",
        """
        SELECT 1 FROM unnest($1::uuid[], $2::bigint[]) AS w(id, sequence)
        WHERE EXISTS (SELECT FROM articled.records r WHERE r.id = w.id AND r.sequence = w.sequence)
            OR EXISTS (SELECT FROM articled.deletions d WHERE d.id = w.id AND d.sequence = w.sequence)
        LIMIT 1
        """)

    static let writing = [
        begin, commit, rollback, unlimited, lock, present, number, removeRecords, releaseKeys, insert, update,
        removeTerms, addTerms,
        removeDeletions, addDeletions, count, outcome, findChanges,
    ]

    // MARK: In the background

    /// The horizon, the last change below it, and the last one of all.
    static let news = Statement(
        "news",
        """
        SELECT greatest((SELECT max(sequence) FROM articled.records WHERE sequence < (\(horizon))),
                (SELECT max(sequence) FROM articled.deletions WHERE sequence < (\(horizon))), 0),
            greatest((SELECT max(sequence) FROM articled.records), (SELECT max(sequence) FROM articled.deletions), 0)
        """)
    /// Tells the other services.
    static let notify = Statement("notify", "SELECT pg_notify('articled_changes', '')")
    /// The totals of every slot, and in each row the size of all tables on disk.
    static let totals = Statement(
        "totals",
        """
        SELECT t.slot, t.version, t.records, t.bytes, d.bytes FROM articled.totals t
        RIGHT JOIN (SELECT sum(pg_total_relation_size(oid))::bigint AS bytes FROM pg_class
            WHERE relnamespace = 'articled'::regnamespace AND relkind = 'r') d ON true
        """)
    /// Forgets some deletions from before $1, the oldest ones.
    static let forget = Statement(
        "forget",
        """
        WITH gone AS (
            DELETE FROM articled.deletions WHERE id IN (
                SELECT o.id FROM (SELECT id, sequence, deleted_at FROM articled.deletions ORDER BY sequence LIMIT 1000) o
                WHERE o.deleted_at < $1::bigint)
            RETURNING sequence)
        UPDATE articled.about SET forgotten = greatest(forgotten, (SELECT max(sequence) FROM gone))
        WHERE EXISTS (SELECT FROM gone)
        """)

    static let watching = [news, notify, totals, forget]
}
