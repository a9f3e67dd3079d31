// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing

/// One peer takes all that it can get and gives nothing back. Others are served meanwhile, also those that connect only
/// then, and so are the same peer's own small requests. The peers are addresses of the loopback network.
@Suite(.serialized) struct FairnessTests {
    private static let flooder = "127.0.0.2"

    private let manager: ServiceManager

    init() throws {
        manager = try ServiceManager(
            configuration: "{ access: { tcp: ['read', 'write'] }, limits: { buffered: '64 MiB', inFlight: 4096 } }")
    }

    /// Whether peers from that address are served for a while, those that were there and those that come.
    private func expectService(from address: String, _ bystander: Bystander) throws {
        for _ in 0..<20 {
            #expect(try bystander.isServed())
            #expect(try Bystander(RawConnection(manager.port, from: address)).isServed())
        }
    }

    /// Half of a large frame on each of many connections.
    @Test(arguments: ["127.0.0.1", flooder])
    func framesThatNeverEnd(others: String) throws {
        defer { manager.end() }
        let bystander = try Bystander(RawConnection(manager.port, from: others))
        var half = Frames.frame(.request, [UInt8](repeating: 0, count: 4 << 20), flags: .end, method: 1, stream: 1)
        half[2] = 0x80  // 8 MiB are announced
        let connections = try (0..<30).map { _ in
            let connection = try RawConnection(manager.port, from: Self.flooder)
            _ = try connection.greet()
            connection.send(half)
            return connection
        }
        try expectService(from: others, bystander)
        let ended = connections.filter { $0.next(within: 0) != .timedOut }
        #expect(ended.count >= 15 && ended.count < 30, "the flood lasts, within its share")
    }

    /// Large answers that are never read, on each of many connections.
    @Test(arguments: ["127.0.0.1", flooder])
    func answersThatAreNeverRead(others: String) throws {
        defer { manager.end() }
        let bystander = try Bystander(RawConnection(manager.port, from: others))
        let large = Article(url: "https://mic.gov.vn/large", body: String(repeating: "a", count: 8 << 20))
        try bystander.store(large)
        let connections = try (0..<20).map { _ in
            let connection = try RawConnection(manager.port, from: Self.flooder)
            let get = try connection.greet().number("fetch.get")
            connection.send(Frames.request(get, GetRequest(url: large.url), stream: 1))
            return connection
        }
        try expectService(from: others, bystander)
        #expect(connections.count == 20)
        #expect(try manager.privateMemory < 256 << 20)
    }

    /// What a burst has needed is the system's again, soon after it, also if it lasted for a while.
    @Test(arguments: [0, 7]) func memoryIsGivenBack(secondsOfBurst: UInt32) throws {
        manager.end()
        let manager = try ServiceManager()
        defer { manager.end() }
        let bystander = try Bystander(RawConnection(manager.port, from: "127.0.0.1"))
        let before = try manager.privateMemory
        var connections: [RawConnection] = []
        for _ in 0..<32 {
            let connection = try RawConnection(manager.port, from: Self.flooder)
            let hello = try connection.greet()
            let method = try hello.number("store.putMany")
            connection.send((1...hello.maxInFlight).flatMap { Frames.frame(.request, method: method, stream: $0) })
            connection.send(Frames.frame(.ping))
            guard case .frame(let header, _) = connection.next(), header.kind == .pong else {
                throw RawConnection.Failed(what: "no pong")
            }
            connections.append(connection)
        }
        #expect(try manager.privateMemory - before > 64 << 20, "there is something to give back")
        sleep(secondsOfBurst)
        connections = []
        try manager.wait { (try? manager.privateMemory - before < 40 << 20) ?? false }
        #expect(try bystander.isServed())
    }

    /// Uploads that never end, as many as each of many connections may have.
    @Test(arguments: ["127.0.0.1", flooder])
    func uploadsThatNeverEnd(others: String) throws {
        defer { manager.end() }
        let bystander = try Bystander(RawConnection(manager.port, from: others))
        let connections = try (0..<8).map { _ in
            let connection = try RawConnection(manager.port, from: Self.flooder)
            let hello = try connection.greet()
            let method = try hello.number("store.putMany")
            connection.send(
                (1...hello.maxInFlight).flatMap { Frames.frame(.request, method: method, stream: $0) }
                    + Frames.frame(.ping))
            return connection
        }
        var refused = 0
        for connection in connections {
            while case .frame(let header, let payload) = connection.next(), header.kind == .error {
                refused += 1
                #expect(try Status(decoding: payload).code == StatusCode.resourceExhausted.rawValue)
            }
        }
        #expect(refused >= 8192 - 4096)
        try expectService(from: others, bystander)
    }

    /// Whoever holds memory and does not go on loses it.
    @Test func whatStallsIsEnded() throws {
        manager.end()
        let manager = try ServiceManager(configuration: "{ limits: { stallTimeout: '300 ms' } }")
        defer { manager.end() }
        let bystander = try Bystander(RawConnection(manager.port, from: "127.0.0.1"))
        let large = Article(url: "https://mic.gov.vn/large", body: String(repeating: "a", count: 8 << 20))
        try bystander.store(large)
        let sending = try RawConnection(manager.port, from: Self.flooder)
        _ = try sending.greet()
        sending.send(Array(Frames.frame(.request, [UInt8](repeating: 0, count: 1 << 20), flags: .end).dropLast()))
        guard case .frame(let header, let payload) = sending.next() else {
            throw RawConnection.Failed(what: "nothing was said")
        }
        #expect(header.kind == .goAway)
        #expect(try Status(decoding: payload).code == StatusCode.deadlineExceeded.rawValue)
        let reading = try RawConnection(manager.port, from: Self.flooder)
        let get = try reading.greet().number("fetch.get")
        reading.send(Frames.request(get, GetRequest(url: large.url), stream: 1))
        // It is closed without a word: what there is to read is a part of the answer.
        try manager.wait { manager.text.contains("bytes of answers were not read") }
        #expect(try bystander.isServed())
    }
}
