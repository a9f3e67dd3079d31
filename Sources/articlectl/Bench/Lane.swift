// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One connection of the load generator. It has one batch under way at a time: the batch is sent, all of its answers
/// awaited, then the next one is sent.
@safe struct Lane {
    var connection: BenchConnection
    var descriptor: Int32 { connection.descriptor }
    /// The service takes no more requests here: once the batch is answered, another connection takes its place.
    var isLeaving = false
    /// What the next bytes to send are: the batch, and how much of it has gone.
    let output: UnsafeMutableRawPointer
    var outputCount = 0
    var outputSent = 0
    /// For each request of the batch, what the dialect must know to judge the answer.
    let expected: UnsafeMutablePointer<UInt32>
    /// How many answers are awaited, and how many have come.
    var awaited = 0
    var answered = 0
    var startedAt: UInt64 = 0

    /// The beginning of an answer that is not complete yet.
    let head: UnsafeMutablePointer<UInt8>
    var headCount = 0
    /// Bytes of the present answer that are passed over.
    var skip = 0
    /// The present answer counts when it has been passed over.
    var counts = false
    /// Its checksum so far, and as it should be, if answers are verified.
    var checksum: UInt32 = 0
    var wantedChecksum: UInt32 = 0

    static let headCapacity = 160

    /// A new connection takes the place of the old one.
    mutating func replace(_ connection: BenchConnection) {
        close(descriptor)
        self.connection = connection
        isLeaving = false
        headCount = 0
        skip = 0
    }

    init(_ connection: BenchConnection, pipeline: Int, outputCapacity: Int) {
        self.connection = connection
        unsafe output = .allocate(byteCount: outputCapacity, alignment: 64)
        unsafe expected = .allocate(capacity: pipeline)
        unsafe expected.initialize(repeating: 0, count: pipeline)
        unsafe head = .allocate(capacity: Self.headCapacity)
        unsafe head.initialize(repeating: 0, count: Self.headCapacity)
    }

    func deallocate() {
        unsafe output.deallocate()
        unsafe expected.deallocate()
        unsafe head.deallocate()
    }
}

/// How requests are written and answers read: articled's frames, or a peer's protocol. The generator is the same for all.
protocol Dialect {
    /// Bytes that one request needs at most.
    var largestRequest: Int { get }
    /// Answers that were not as they should be.
    var errors: UInt64 { get }
    /// What the first of them was.
    var firstError: String? { get }

    /// Writes the next request as number `slot` of its batch. Answers with its size; 0: there are no more.
    mutating func write(_ slot: Int, _ lane: UnsafeMutablePointer<Lane>, to target: UnsafeMutableRawPointer) -> Int

    /// Goes through received bytes. Answers with how many answers were completed by them.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ lane: UnsafeMutablePointer<Lane>) throws(CommandFailure)
        -> Int
}
