// SPDX-License-Identifier: Apache-2.0
/// The request of `duplicates.status`. It has no fields.
public struct DuplicatesStatusRequest: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicatesStatusRequest" }

    public init() {}

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        try reader.skip()
    }

    public func encode(to writer: inout WireWriter) {}
}

/// The response of `duplicates.status`.
public struct DuplicatesStatus: ProtocolMessage {
    public static var name: String { "articled.v1.DuplicatesStatus" }

    /// Whether the index has all articles that were stored when it last caught up. If not, it is being made.
    public var complete: Bool
    /// Articles in the index. Those with fewer than three syllables are left out.
    public var articles: UInt64
    /// Articles in the storage.
    public var stored: UInt64
    /// The size of the index on disk.
    public var bytes: UInt64
    /// The parts of the index.
    public var segments: UInt64
    /// The number of the last change that is in the index.
    public var sequence: UInt64
    /// Why the index cannot be used or changed at present; empty: it can.
    public var problem: String

    public init() { self.init(complete: false) }

    /// Creates a message from its fields.
    public init(
        complete: Bool = false, articles: UInt64 = 0, stored: UInt64 = 0, bytes: UInt64 = 0, segments: UInt64 = 0,
        sequence: UInt64 = 0, problem: String = ""
    ) {
        self.complete = complete
        self.articles = articles
        self.stored = stored
        self.bytes = bytes
        self.segments = segments
        self.sequence = sequence
        self.problem = problem
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: complete = try reader.bool()
        case 2: articles = try reader.uint64()
        case 3: stored = try reader.uint64()
        case 4: bytes = try reader.uint64()
        case 5: segments = try reader.uint64()
        case 6: sequence = try reader.uint64()
        case 7: problem = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(complete, at: 1)
        writer.write(articles, at: 2)
        writer.write(stored, at: 3)
        writer.write(bytes, at: 4)
        writer.write(segments, at: 5)
        writer.write(sequence, at: 6)
        writer.write(problem, at: 7)
    }
}
