// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import articlectl

/// What the generator writes can be read by the protocol's own decoder, and what comes back is understood wherever the
/// reads happen to cut it.
@Suite struct DialectTests {
    static let bodies = Bodies(count: 3, size: 100)

    /// Writes one request and takes it apart.
    static func written(_ requests: Requests, slot: Int) throws -> (FrameHeader, [UInt8]) {
        var dialect = ArticledDialect(requests, verifies: false)
        var lane = Lane(BenchConnection(descriptor: -1), pipeline: 8, outputCapacity: dialect.largestRequest)
        defer { lane.deallocate() }
        let size = unsafe withUnsafeMutablePointer(to: &lane) { lane in
            unsafe dialect.write(slot, lane, to: lane.pointee.output)
        }
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: lane.output, count: size))
        let header = try #require(unsafe FrameHeader(decoding: bytes.span.bytes))
        let payload = Array(bytes.dropFirst(FrameHeader.size))
        #expect(Int(header.payloadLength) == payload.count)
        #expect(header.checksum == CRC32C.checksum(payload))
        #expect(header.kind == .request && header.flags == .end && header.stream == UInt32(slot + 1))
        return (header, payload)
    }

    @Test func aFetchAsksForAnArticleUnderItsOwnId() throws {
        let requests = Requests(.survey, method: 7, bodies: Self.bodies, seed: 1)
        let (header, payload) = try Self.written(requests, slot: 2)
        #expect(header.method == 7)
        let id = try GetRequest(decoding: payload).id
        #expect(id == ArticleID(bench: 0, of: Self.bodies))
        #expect(id?.isVersion7 == true)
    }

    @Test func aStoreCarriesABodyUnderANewId() throws {
        let (_, payload) = try Self.written(Requests(.store, method: 1, bodies: Self.bodies, seed: 1), slot: 0)
        let article = try #require(try PutRequest(decoding: payload).article)
        #expect(article.id?.isVersion7 == true)
        #expect(article.body.utf8.count == 100)
    }

    /// So that all of them can be deleted when their count is known.
    @Test func whatIsStoredHasIdsThatAreKnownByTheirNumber() throws {
        let sequence = StoreSequence()
        let ids = (0..<5000).map { _ in sequence.next() }
        #expect(sequence.count == 5000)
        #expect(ids.allSatisfy { $0.isVersion7 })
        #expect(ids.indices.allSatisfy { sequence[$0] == ids[$0] })
        #expect(zip(ids, ids.dropFirst()).allSatisfy { "\($0)" < "\($1)" })
        #expect(Set(ids.map(\.description)).count == 5000)
        #expect(StoreSequence().next() != ids[0])
    }

    @Test func aClassificationCarriesABody() throws {
        let (_, payload) = try Self.written(Requests(.classify, method: 1, bodies: Self.bodies, seed: 1), slot: 0)
        #expect(try ClassifyTextRequest(decoding: payload).body.utf8.count == 100)
    }

    @Test func aPingIsEmpty() throws {
        #expect(try Self.written(Requests(.ping, method: 1, bodies: Self.bodies, seed: 1), slot: 0).1.isEmpty)
    }

    static func frame(_ kind: FrameKind, _ payload: [UInt8], flags: FrameFlags = [], stream: UInt32) -> [UInt8] {
        let header = FrameHeader(
            payloadLength: UInt32(payload.count), kind: kind, flags: flags, stream: stream,
            checksum: CRC32C.checksum(payload))
        var bytes = [UInt8](repeating: 0, count: FrameHeader.size)
        unsafe bytes.withUnsafeMutableBytes { unsafe header.encode(to: $0.baseAddress!) }
        return bytes + payload
    }

    /// Feeds `bytes` in pieces of `step`; answers with how many answers were completed.
    static func feed<Language: Dialect>(
        _ dialect: inout Language, _ bytes: [UInt8], step: Int, pipeline: Int, expected: [UInt32] = []
    ) throws -> Int {
        var leaves = false
        return try feed(&dialect, bytes, step: step, pipeline: pipeline, expected: expected, leaves: &leaves)
    }

    /// The same, and whether the connection takes no more requests.
    static func feed<Language: Dialect>(
        _ dialect: inout Language, _ bytes: [UInt8], step: Int, pipeline: Int, expected: [UInt32] = [],
        leaves: inout Bool
    ) throws -> Int {
        var lane = Lane(BenchConnection(descriptor: -1), pipeline: pipeline, outputCapacity: 1)
        defer { lane.deallocate() }
        lane.awaited = pipeline
        for (slot, number) in expected.enumerated() { unsafe lane.expected[slot] = number }
        for start in stride(from: 0, to: bytes.count, by: step) {
            let piece = Array(bytes[start..<min(bytes.count, start + step)])
            let done = try unsafe withUnsafeMutablePointer(to: &lane) { lane in
                try unsafe piece.withUnsafeBytes { try unsafe dialect.read($0, lane) }
            }
            lane.answered += done
        }
        leaves = lane.isLeaving
        return lane.answered
    }

    @Test(arguments: 1...40) func framesAreUnderstoodWhereverTheyAreCut(step: Int) throws {
        let answers =
            Self.frame(.message, [1, 2, 3], flags: .end, stream: 2)
            + Self.frame(FrameKind(rawValue: 99), [9, 9], stream: 0)
            + Self.frame(.error, Status(code: 13, message: "no").encoded(), stream: 1)
            + Self.frame(.message, [], flags: .end, stream: 4) + Self.frame(.error, [], stream: 3)
        var dialect = ArticledDialect(
            Requests(.ping, method: 1, bodies: Self.bodies, seed: 1), verifies: true)
        #expect(try Self.feed(&dialect, answers, step: step, pipeline: 4) == 4)
        #expect(dialect.errors == 2)
        #expect(dialect.firstError != nil)
    }

    @Test func anAnswerOfAnotherSizeIsAnError() throws {
        let answers =
            Self.frame(.message, [1, 2, 3], flags: .end, stream: 1) + Self.frame(.message, [1], flags: .end, stream: 2)
        var dialect = ArticledDialect(
            Requests(.fetch, method: 1, bodies: Self.bodies, sizes: [3, 3, 1], seed: 1), verifies: true)
        #expect(try Self.feed(&dialect, answers, step: 7, pipeline: 2, expected: [0, 1]) == 2)
        #expect(dialect.errors == 1)
    }

    @Test func aDamagedAnswerIsAnErrorIfVerified() throws {
        var answer = Self.frame(.message, [1, 2, 3], flags: .end, stream: 1)
        answer[17] ^= 1
        var dialect = ArticledDialect(
            Requests(.ping, method: 1, bodies: Self.bodies, seed: 1), verifies: true)
        #expect(try Self.feed(&dialect, answer, step: 5, pipeline: 1) == 1)
        #expect(dialect.errors == 1)
    }

    /// The batch under way is still answered; then another connection takes its place.
    @Test func goAwayMarksTheConnection() throws {
        let bytes =
            Self.frame(.goAway, Status(code: 14, message: "bye").encoded(), stream: 0)
            + Self.frame(.message, [1, 2], flags: .end, stream: 1)
        for step in 1...bytes.count {
            var dialect = ArticledDialect(Requests(.ping, method: 1, bodies: Self.bodies, seed: 1), verifies: false)
            var leaves = false
            #expect(try Self.feed(&dialect, bytes, step: step, pipeline: 1, leaves: &leaves) == 1)
            #expect(leaves)
            #expect(dialect.errors == 0)
        }
    }

    @Test(arguments: [
        frame(.message, [], flags: .end, stream: 9),
        frame(.end, [], stream: 1), [UInt8](repeating: 0xff, count: 16),
    ]) func whatFitsNoRequestStopsTheMeasurement(bytes: [UInt8]) {
        var dialect = ArticledDialect(
            Requests(.ping, method: 1, bodies: Self.bodies, seed: 1), verifies: false)
        #expect(throws: CommandFailure.self) { try Self.feed(&dialect, bytes, step: 16, pipeline: 1) }
    }

    @Test(arguments: 1...20) func redisAnswersAreUnderstoodWhereverTheyAreCut(step: Int) throws {
        let body = String(repeating: "x", count: 100)
        let answers = "$100\r\n\(body)\r\n$-1\r\n$3\r\nabc\r\n-ERR no\r\n$100\r\n\(body)\r\n"
        var dialect = RedisDialect(.get, Self.bodies, seed: 1)
        #expect(try Self.feed(&dialect, Array(answers.utf8), step: step, pipeline: 5) == 5)
        #expect(dialect.errors == 3)
        var stores = RedisDialect(.set, Self.bodies, seed: 1)
        #expect(try Self.feed(&stores, Array("+OK\r\n-OOM\r\n+OK\r\n".utf8), step: step, pipeline: 3) == 3)
        #expect(stores.errors == 1)
        #expect(stores.firstError == "answer -OOM")
        var removals = RedisDialect(.remove, Self.bodies, seed: 1)
        #expect(try Self.feed(&removals, Array(":1\r\n:0\r\n-ERR no\r\n".utf8), step: step, pipeline: 3) == 3)
        #expect(removals.errors == 1)
    }

    @Test func madeUpTextIsTextOfItsSizeAndTheSameEachTime() {
        let first = Bodies(count: 20, size: 333)
        let second = Bodies(count: 20, size: 333)
        for number in 0..<20 {
            let bytes = unsafe Array(first[number])
            #expect(bytes.count == 333)
            #expect(String(validating: bytes, as: UTF8.self) != nil)
            #expect(unsafe bytes == Array(second[number]))
        }
        #expect(ArticleID(bench: 1, of: first) == ArticleID(bench: 1, of: second))
        #expect(ArticleID(bench: 1, of: first) != ArticleID(bench: 1, of: Bodies(count: 20, size: 334)))
    }
}
