// SPDX-License-Identifier: Apache-2.0
/// The request of `storage.verify`.
public struct VerifyRequest: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyRequest" }

    /// The verification to continue watching; 0: start one, or join the one that is running.
    public var job: UInt64

    public init() { self.init(job: 0) }

    /// Creates a message from its fields.
    public init(job: UInt64 = 0) {
        self.job = job
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(job, at: 1)
    }
}

/// Each message of a `storage.verify` response. A message with a ``result`` is the last one of the verification.
public struct VerifyProgress: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyProgress" }

    /// The number of the verification. Another call can continue watching it.
    public var job: UInt64
    /// The current phase: "records", "index" or "space".
    public var phase: String
    /// Units of the phase that are done.
    public var done: UInt64
    /// Units of the phase in total, as far as known.
    public var total: UInt64
    /// Articles checked so far.
    public var records: UInt64
    /// Findings so far.
    public var damaged: UInt64
    /// The result; `nil` while the verification is running.
    public var result: VerifyResult?

    public init() { self.init(job: 0) }

    /// Creates a message from its fields.
    public init(
        job: UInt64 = 0, phase: String = "", done: UInt64 = 0, total: UInt64 = 0, records: UInt64 = 0,
        damaged: UInt64 = 0, result: VerifyResult? = nil
    ) {
        self.job = job
        self.phase = phase
        self.done = done
        self.total = total
        self.records = records
        self.damaged = damaged
        self.result = result
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        case 2: phase = try reader.string()
        case 3: done = try reader.uint64()
        case 4: total = try reader.uint64()
        case 5: records = try reader.uint64()
        case 6: damaged = try reader.uint64()
        case 7: try reader.merge(into: &result)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(job, at: 1)
        writer.write(phase, at: 2)
        writer.write(done, at: 3)
        writer.write(total, at: 4)
        writer.write(records, at: 5)
        writer.write(damaged, at: 6)
        writer.write(result, at: 7)
    }
}

/// The result of a verification.
public struct VerifyResult: ProtocolMessage {
    public static var name: String { "articled.v1.VerifyResult" }

    /// Articles checked.
    public var records: UInt64
    /// Bytes of articles that were read and compared with their checksums.
    public var bytes: UInt64
    /// Index entries checked.
    public var indexEntries: UInt64
    /// The number of findings; 0: the store is sound.
    public var damaged: UInt64
    /// The first findings.
    public var findings: [StorageFinding]
    /// When the verification started, in milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64
    /// When the verification ended, in milliseconds since 1970-01-01T00:00:00Z.
    public var endedAt: Int64

    public init() { self.init(records: 0) }

    /// Creates a message from its fields.
    public init(
        records: UInt64 = 0, bytes: UInt64 = 0, indexEntries: UInt64 = 0, damaged: UInt64 = 0,
        findings: [StorageFinding] = [], startedAt: Int64 = 0, endedAt: Int64 = 0
    ) {
        self.records = records
        self.bytes = bytes
        self.indexEntries = indexEntries
        self.damaged = damaged
        self.findings = findings
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: records = try reader.uint64()
        case 2: bytes = try reader.uint64()
        case 3: indexEntries = try reader.uint64()
        case 4: damaged = try reader.uint64()
        case 5: findings.append(try reader.message(after: findings.count, max: Limits.repeated))
        case 6: startedAt = try reader.int64()
        case 7: endedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(records, at: 1)
        writer.write(bytes, at: 2)
        writer.write(indexEntries, at: 3)
        writer.write(damaged, at: 4)
        writer.write(findings, at: 5)
        writer.write(startedAt, at: 6)
        writer.write(endedAt, at: 7)
    }
}

/// The request of `storage.backup`.
public struct BackupRequest: ProtocolMessage {
    public static var name: String { "articled.v1.BackupRequest" }

    /// An absolute path on the service's machine. It must not exist, or be empty. Empty: a new directory below the
    /// service's own `backups`.
    public var directory: String
    /// The backup to continue watching; 0: start one, or join the one that is running to the same directory.
    public var job: UInt64

    public init() { self.init(directory: "") }

    /// Creates a message from its fields.
    public init(directory: String = "", job: UInt64 = 0) {
        self.directory = directory
        self.job = job
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: directory = try reader.string()
        case 2: job = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(directory, at: 1)
        writer.write(job, at: 2)
    }
}

/// Each message of a `storage.backup` response. A message with a ``result`` is the last one of the backup.
public struct BackupProgress: ProtocolMessage {
    public static var name: String { "articled.v1.BackupProgress" }

    /// The number of the backup. Another call can continue watching it.
    public var job: UInt64
    /// The current phase: "records", "index" or "disk".
    public var phase: String
    /// Articles copied so far.
    public var done: UInt64
    /// Articles in total.
    public var total: UInt64
    /// Bytes of articles copied so far.
    public var bytes: UInt64
    /// Articles that could not be copied so far.
    public var damaged: UInt64
    /// The result; `nil` while the backup is running.
    public var result: BackupResult?

    public init() { self.init(job: 0) }

    /// Creates a message from its fields.
    public init(
        job: UInt64 = 0, phase: String = "", done: UInt64 = 0, total: UInt64 = 0, bytes: UInt64 = 0,
        damaged: UInt64 = 0, result: BackupResult? = nil
    ) {
        self.job = job
        self.phase = phase
        self.done = done
        self.total = total
        self.bytes = bytes
        self.damaged = damaged
        self.result = result
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: job = try reader.uint64()
        case 2: phase = try reader.string()
        case 3: done = try reader.uint64()
        case 4: total = try reader.uint64()
        case 5: bytes = try reader.uint64()
        case 6: damaged = try reader.uint64()
        case 7: try reader.merge(into: &result)
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(job, at: 1)
        writer.write(phase, at: 2)
        writer.write(done, at: 3)
        writer.write(total, at: 4)
        writer.write(bytes, at: 5)
        writer.write(damaged, at: 6)
        writer.write(result, at: 7)
    }
}

/// The result of a backup that is complete and on disk.
public struct BackupResult: ProtocolMessage {
    public static var name: String { "articled.v1.BackupResult" }

    /// The path of the backup.
    public var directory: String
    /// Articles in the backup.
    public var records: UInt64
    /// Bytes of the backup's files on disk.
    public var bytes: UInt64
    /// Articles that were damaged and are missing from the backup.
    public var damaged: UInt64
    /// The first findings.
    public var findings: [StorageFinding]
    /// The moment that the backup captures, in milliseconds since 1970-01-01T00:00:00Z.
    public var takenAt: Int64
    /// When the backup was complete, in milliseconds since 1970-01-01T00:00:00Z.
    public var endedAt: Int64

    public init() { self.init(directory: "") }

    /// Creates a message from its fields.
    public init(
        directory: String = "", records: UInt64 = 0, bytes: UInt64 = 0, damaged: UInt64 = 0,
        findings: [StorageFinding] = [], takenAt: Int64 = 0, endedAt: Int64 = 0
    ) {
        self.directory = directory
        self.records = records
        self.bytes = bytes
        self.damaged = damaged
        self.findings = findings
        self.takenAt = takenAt
        self.endedAt = endedAt
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: directory = try reader.string()
        case 2: records = try reader.uint64()
        case 3: bytes = try reader.uint64()
        case 4: damaged = try reader.uint64()
        case 5: findings.append(try reader.message(after: findings.count, max: Limits.repeated))
        case 6: takenAt = try reader.int64()
        case 7: endedAt = try reader.int64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(directory, at: 1)
        writer.write(records, at: 2)
        writer.write(bytes, at: 3)
        writer.write(damaged, at: 4)
        writer.write(findings, at: 5)
        writer.write(takenAt, at: 6)
        writer.write(endedAt, at: 7)
    }
}

/// One problem in the stored data.
public struct StorageFinding: ProtocolMessage {
    public static var name: String { "articled.v1.StorageFinding" }

    /// The affected article, if the problem affects one.
    public var id: ArticleID?
    /// The file with the problem.
    public var file: String
    /// The position in the file, in bytes; 0: no single position.
    public var offset: UInt64
    /// The problem, for people.
    public var problem: String

    public init() { self.init(id: nil) }

    /// Creates a message from its fields.
    public init(id: ArticleID? = nil, file: String = "", offset: UInt64 = 0, problem: String = "") {
        self.id = id
        self.file = file
        self.offset = offset
        self.problem = problem
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: id = try reader.articleID()
        case 2: file = try reader.string()
        case 3: offset = try reader.uint64()
        case 4: problem = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(id, at: 1)
        writer.write(file, at: 2)
        writer.write(offset, at: 3)
        writer.write(problem, at: 4)
    }
}
