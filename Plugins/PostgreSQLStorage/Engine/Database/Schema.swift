// SPDX-License-Identifier: Apache-2.0

/// The tables, which the first service to come makes.
///
/// A change's sequence number is made of its transaction's: `base + (transaction << 16) + place`. So all changes of one
/// transaction stand together, and the numbers of transactions that have not ended are known to be at or above the
/// horizon, `pg_snapshot_xmin`. A sequence of PostgreSQL would not do: its numbers become visible out of order.
enum Schema {
    /// Another version is not touched.
    static let version: Int64 = 1

    /// The key of an advisory lock that is held while tables are made: "articled".
    static let lock = "SELECT pg_advisory_xact_lock(7022364632797636964)"

    /// Not by to_regclass, which may answer from before the wait for the lock.
    static let exists = "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = 'articled' AND tablename = 'about'"

    /// All in one transaction. `sha256(key)`: an index entry has at most 2704 bytes, a key may be longer.
    static let creation = """
        CREATE SCHEMA IF NOT EXISTS articled;
        CREATE TABLE articled.about (
            one boolean PRIMARY KEY DEFAULT true CHECK (one),
            version bigint NOT NULL,
            base bigint NOT NULL DEFAULT 0,
            forgotten bigint NOT NULL DEFAULT 0);
        COMMENT ON TABLE articled.about IS 'The version of this schema; what is added to numbers of changes; the last deletion that was forgotten';
        CREATE TABLE articled.records (
            id uuid PRIMARY KEY,
            revision bigint NOT NULL,
            sequence bigint NOT NULL,
            created_at bigint NOT NULL,
            stored_at bigint NOT NULL,
            time bigint NOT NULL,
            checksum bigint NOT NULL,
            key bytea,
            terms bytea NOT NULL,
            content bytea NOT NULL) WITH (toast_tuple_target = 8160);
        ALTER TABLE articled.records ALTER content SET STORAGE EXTERNAL;
        CREATE UNIQUE INDEX records_key ON articled.records (sha256(key)) WHERE key IS NOT NULL;
        CREATE UNIQUE INDEX records_sequence ON articled.records (sequence);
        CREATE INDEX records_time ON articled.records (time, id);
        COMMENT ON TABLE articled.records IS 'Articles: the bytes as they were written, with their CRC-32C';
        CREATE TABLE articled.terms (
            term bytea NOT NULL, time bigint NOT NULL, id uuid NOT NULL, PRIMARY KEY (term, time, id));
        COMMENT ON TABLE articled.terms IS 'The lists by topic, source and language';
        CREATE TABLE articled.deletions (
            id uuid PRIMARY KEY, sequence bigint NOT NULL, revision bigint NOT NULL, deleted_at bigint NOT NULL);
        CREATE UNIQUE INDEX deletions_sequence ON articled.deletions (sequence);
        COMMENT ON TABLE articled.deletions IS 'Deleted articles, for readers of changes';
        CREATE TABLE articled.sessions (
            first bigint PRIMARY KEY, session bigint NOT NULL, cluster text NOT NULL, timeline text NOT NULL);
        COMMENT ON TABLE articled.sessions IS 'Who made which changes, so that positions of another history are recognized';
        CREATE TABLE articled.totals (
            slot bigint PRIMARY KEY, version bigint NOT NULL, records bigint NOT NULL, bytes bigint NOT NULL)
            WITH (fillfactor = 50);
        INSERT INTO articled.about (version) VALUES (1);
        """

    static let about = "SELECT version FROM articled.about"

    /// The most sessions. Positions from before the oldest one are unknown.
    static let sessions = 1000

    /// Locks the sessions, and reads where the database is, and the timeline of the server's log, now and in the last session.
    static let timeline = """
        SELECT 1 FROM articled.about FOR UPDATE;
        SELECT (SELECT system_identifier FROM pg_control_system())::text || '/'
                || (SELECT oid FROM pg_database WHERE datname = current_database()),
            substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
            (SELECT cluster FROM articled.sessions ORDER BY first DESC LIMIT 1),
            (SELECT timeline FROM articled.sessions ORDER BY first DESC LIMIT 1)
        """

    /// After a dump was restored into another cluster, transactions have lower numbers than the changes: what is added to
    /// them is raised, so that new changes come after the old ones.
    static let raise = """
        UPDATE articled.about SET base = ((greatest((SELECT max(sequence) FROM articled.records),
            (SELECT max(sequence) FROM articled.deletions), (SELECT max(first) FROM articled.sessions)) >> 16) + 1) << 16
        WHERE base + (pg_current_xact_id()::text::bigint << 16) <= greatest((SELECT max(sequence) FROM articled.records),
            (SELECT max(sequence) FROM articled.deletions), (SELECT max(first) FROM articled.sessions))
        """

    /// Adds a session. In another cluster or database than before, a copy was restored: then it begins right behind the last change that
    /// the copy has, so that positions from after the copy was made are unknown.
    static func session(_ number: UInt32, cluster: String, timeline: String, isElsewhere: Bool) -> String {
        let first =
            isElsewhere
            ? "greatest((SELECT max(sequence) FROM articled.records), (SELECT max(sequence) FROM articled.deletions), 0) + 1"
            : """
            CASE WHEN EXISTS (SELECT FROM articled.sessions) THEN base + (pg_current_xact_id()::text::bigint << 16) ELSE 0 END
            """
        return """
            INSERT INTO articled.sessions (first, session, cluster, timeline)
                SELECT \(first), \(number), '\(cluster)', '\(timeline)'
                FROM articled.about ON CONFLICT (first) DO UPDATE SET session = excluded.session;
            DELETE FROM articled.sessions WHERE first < (
                SELECT min(first) FROM (SELECT first FROM articled.sessions ORDER BY first DESC LIMIT \(sessions)) kept)
            """
    }
}
