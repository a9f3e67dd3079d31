// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

/// Peers that send much, read nothing, or take their time. Beside each, another one is served, and what articled holds
/// for the bad one is bounded.
@Suite(.serialized) struct FloodTests {
    /// What articled may gain in private memory for one bad peer, in bytes.
    private static let allowance = 32 << 20
    /// A peer that gets no room for so long is not being read from, in milliseconds.
    private static let stalled: Int32 = 500

    private let service: Service
    private let bystander: Bystander
    private let before: Int

    init() throws {
        service = try Service()
        bystander = try Bystander(service)
        _ = try bystander.isServed()
        before = try service.privateMemory
    }

    /// Sends `bytes` again and again without reading.
    ///
    /// - Returns: how much was taken before the peer stalled or closed, at most `most`.
    private func flood(_ connection: RawConnection, _ bytes: [UInt8], most: Int) throws -> Int {
        var sent = 0
        var place = 0
        var checked = 0
        while sent < most {
            let count = connection.sendSome(bytes, from: place)
            if count < 0 { break }
            if count == 0, !connection.hasRoom(within: Self.stalled) { break }
            sent += count
            place = (place + count) % bytes.count
            if sent - checked > 1 << 20 {
                checked = sent
                #expect(try bystander.isServed())
            }
        }
        #expect(try bystander.isServed())
        return sent
    }

    /// A peer that asks for much in one go and then only reads is answered to the end. While the answers leave, there are
    /// times when the service has to wait for the peer, and it must not wait for more than that.
    @Test func whoAsksForMuchAtOnceIsAnsweredToTheEnd() throws {
        let connection = try RawConnection(service.socketPath)
        let number = try connection.greet().number("service.describe")
        for _ in 0..<40 {
            let count: UInt32 = 500
            let requests = (1...count).flatMap { Frames.request(number, DescribeRequest(), stream: $0) }
            try #require(connection.send(requests))
            for _ in 0..<count {
                guard case .frame(let header, _) = connection.next() else {
                    Issue.record("an answer is missing")
                    return
                }
                #expect(header.kind == .message)
            }
        }
    }

    private func checkMemory(_ allowance: Int = allowance) throws {
        #expect(service.isRunning)
        let gained = try service.privateMemory - before
        #expect(gained < allowance, "articled holds \(gained) bytes more")
    }

    @Test func aPeerThatNeverReadsIsNotReadFrom() throws {
        let connection = try RawConnection(service.socketPath)
        _ = try connection.greet()
        let pings = Array(repeatElement(Frames.frame(.ping, [UInt8](repeating: 7, count: 64)), count: 1000).joined())
        let sent = try flood(connection, pings, most: 64 << 20)
        #expect(sent < 8 << 20)
        try checkMemory()
        // It is not lost: once it reads, all is answered.
        guard case .frame(let header, _) = connection.next() else {
            Issue.record("no PONG")
            return
        }
        #expect(header.kind == .pong)
    }

    @Test func framesThatAreSkippedCostNothing() throws {
        let connection = try RawConnection(service.socketPath)
        _ = try connection.greet()
        let frames = Array(repeatElement(Frames.frame(FrameKind(rawValue: 99)), count: 4096).joined())
        #expect(try flood(connection, frames, most: 24 << 20) >= 24 << 20)
        try checkMemory()
    }

    @Test func largeAnswersThatNobodyReadsAreBounded() throws {
        let large = Article(url: "https://mic.gov.vn/large", body: String(repeating: "ệ", count: 1 << 20))
        try bystander.store(large)
        let connections = try (0..<8).map { _ in try RawConnection(service.socketPath) }
        let before = try service.privateMemory
        for connection in connections {
            let hello = try connection.greet()
            let get = try hello.number("fetch.get")
            let requests = (UInt32(1)...500).flatMap { Frames.request(get, GetRequest(url: large.url), stream: $0) }
            _ = connection.sendSome(requests)
        }
        #expect(try bystander.isServed())
        // One answer of 3 MiB may be in each buffer, which grows by doubling.
        #expect(try service.privateMemory - before < 8 * (16 << 20))
    }

    @Test func aListThatNobodyReadsIsBounded() throws {
        for number in 0..<64 {
            try bystander.store(Article(title: "\(number)", body: String(repeating: "a", count: 256 << 10)))
        }
        let connection = try RawConnection(service.socketPath)
        let hello = try connection.greet(window: UInt32(Int32.max))
        for stream in UInt32(1)...50 {
            connection.send(Frames.request(try hello.number("fetch.list"), ListRequest(), stream: stream))
        }
        #expect(try bystander.isServed())
        try checkMemory()
        #expect(connection.next() != .timedOut)
    }

    /// A client that takes no results gets no credit back: who goes on sending breaks the protocol.
    @Test(arguments: [0, 1000, Limits.streamWindow])
    func messagesWithoutCreditEndTheConnection(_ size: Int) throws {
        let connection = try RawConnection(service.socketPath)
        let hello = try connection.greet(window: 1)
        connection.send(Frames.frame(.request, method: try hello.number("store.putMany"), stream: 1))
        let message = Frames.frame(.message, [UInt8](repeating: 0, count: size), stream: 1)
        let messages = Array(repeatElement(message, count: 1 + 65536 / message.count).joined())
        _ = try flood(connection, messages, most: 16 << 20)
        try expectGoAway(connection, .protocolError)
        try checkMemory()
    }

    @Test func requestsInFlightAreBounded() throws {
        let connection = try RawConnection(service.socketPath)
        let hello = try connection.greet()
        let most = hello.maxInFlight
        let method = try hello.number("store.putMany")
        for stream in 1...most + 100 { connection.send(Frames.frame(.request, method: method, stream: stream)) }
        for stream in most + 1...most + 100 {
            guard case .frame(let header, let payload) = connection.next() else {
                Issue.record("stream \(stream) was not answered")
                return
            }
            #expect(header.kind == .error)
            #expect(header.stream == stream)
            #expect(try Status(decoding: payload).code == StatusCode.resourceExhausted.rawValue)
        }
        #expect(try bystander.isServed())
        try checkMemory()
    }

    @Test func announcedLengthsReserveNothing() throws {
        var announcement = Frames.frame(FrameKind(rawValue: 99))
        announcement[3] = 1  // 16 MiB
        let connections = try (0..<300).map { _ in
            let connection = try RawConnection(service.socketPath)
            connection.send(Frames.hello() + announcement + [UInt8](repeating: 0, count: 1000))
            guard case .frame = connection.next() else { throw RawConnection.Failed(what: "no hello") }
            return connection
        }
        #expect(connections.count == 300)
        #expect(try bystander.isServed())
        try checkMemory()
    }

    @Test func oneByteAtATimeIsUnderstood() throws {
        let connection = try RawConnection(service.socketPath)
        for byte in Frames.hello() { connection.send([byte]) }
        guard case .frame(_, let payload) = connection.next() else {
            Issue.record("no hello")
            return
        }
        let hello = try ServerHello(decoding: payload)
        let put = PutRequest(article: Article(url: "https://mic.gov.vn/slow", body: String(repeating: "ế", count: 200)))
        for byte in Frames.request(try hello.number("store.put"), put, stream: 1) { connection.send([byte]) }
        guard case .frame(let header, let result) = connection.next() else {
            Issue.record("no answer")
            return
        }
        #expect(header.kind == .message)
        #expect(try PutResult(decoding: result).outcome == .created)
    }

    /// One byte of HELLO a second: the hello's time-out ends it.
    @Test func aHelloThatTakesItsTimeIsCutOff() throws {
        let connection = try RawConnection(service.socketPath)
        for byte in Frames.hello() {
            connection.send([byte])
            guard case .frame(let header, let payload) = connection.next(within: 1000) else { continue }
            #expect(header.kind == .goAway)
            #expect(try Status(decoding: payload).code == StatusCode.deadlineExceeded.rawValue)
            #expect(connection.next() == .ended)
            #expect(try bystander.isServed())
            return
        }
        Issue.record("HELLO took \(Frames.hello().count) seconds, and was not cut off")
    }

    private func expectGoAway(_ connection: RawConnection, _ code: StatusCode) throws {
        while case .frame(let header, let payload) = connection.next() {
            guard header.kind == .goAway else { continue }
            #expect(try Status(decoding: payload).code == code.rawValue)
            #expect(connection.next() == .ended)
            return
        }
        Issue.record("no GO_AWAY")
    }
}
