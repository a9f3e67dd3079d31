// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Synchronization
import TestCertificates
import Testing

/// TLS between the real service and the real client.
@Suite(.timeLimit(.minutes(10))) struct TLSTests {
    @Test func articlesOfAllSizesGoBothWays() async throws {
        let secure = try SecureService()
        let client = ArticleClient(endpoint: secure.endpoint(), options: ClientTests.options())
        for size in [0, 1, 16_000, 16_384, 1 << 20, 8 << 20] {
            let body = String(repeating: "ă", count: size / 2)
            let put = try await client.put(Article(title: "\(size)", body: body))
            #expect(try await client.get(id: try #require(put.id)).body == body)
        }
        // The largest message that there is.
        let payload = [UInt8](repeating: 5, count: 16 << 20 - 64)
        let answer = await #expect(throws: ClientError.self) {
            try await client.call("store.put", payload: payload)
        }
        #expect(answer?.status == .invalidArgument)
        await client.close()
    }

    @Test func streamsGoBothWays() async throws {
        let secure = try SecureService()
        let client = ArticleClient(endpoint: secure.endpoint(), options: ClientTests.options())
        let source = ClientTests.Source(20_000)
        let seen = try await client.put(contentsOf: source) { outcomes in
            var seen = 0
            for try await outcome in outcomes {
                #expect(throws: Never.self) { try outcome.result.get() }
                seen += 1
            }
            return seen
        }
        #expect(seen == 20_000)
        var ids: Set<ArticleID> = []
        for try await item in client.list() { if let id = item.article.id { ids.insert(id) } }
        #expect(ids == Set(source.ids))
        await client.close()
    }

    @Test func manyTasksOnManyConnections() async throws {
        let secure = try SecureService()
        let service = secure.service
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                let client = ArticleClient(endpoint: secure.endpoint(), options: ClientTests.options())
                group.addTask {
                    for index in 0..<200 {
                        let body = String(repeating: "x", count: index * 97)
                        let put = try await client.put(Article(title: "\(number)", body: body))
                        #expect(try await client.get(id: try #require(put.id)).body == body)
                    }
                    await client.close()
                }
            }
            try await group.waitForAll()
        }
        let own = ArticleClient(endpoint: .unix(path: service.socketPath))
        let metrics = try await own.metrics()
        #expect(metrics.contains("articled_tls_handshakes_total{outcome=\"ok\"} 20"))
        await own.close()
    }

    @Test func whichCheckFailed() async throws {
        let secure = try SecureService(clientCertificates: "required")
        let authority = secure.authority
        #expect(await secure.failure(identity: "portal") == nil)
        #expect(await secure.failure(identity: nil)?.message.contains("needs a client certificate") == true)
        let host = await secure.failure(host: "127.0.0.1", identity: "portal")
        #expect(host == nil)
        let system = await secure.failure(identity: "portal", trust: .system)
        #expect(system?.message.contains("of an authority that this machine does not trust") == true)
        let other = await secure.failure(identity: "portal", trust: .authorities(file: authority.path("portal.pem")))
        #expect(other?.message.contains("is not of an authority in \(authority.path("portal.pem"))") == true)
        try authority.issue("stranger", alternatives: "DNS:portal", isSelfSigned: true)
        let stranger = await secure.failure(identity: "stranger")
        #expect(stranger?.message.contains("refused this client's certificate") == true)
        let missing = await secure.failure(identity: "nobody")
        #expect(missing?.message.contains("nobody.pem: No such file or directory") == true)
        let plain = ArticleClient(endpoint: .tcp(host: "127.0.0.1", port: secure.service.tcpPort))
        let toldPlain = await #expect(throws: ClientError.self) { try await plain.ping([]) }
        #expect(toldPlain?.message.contains("must begin with tls:") == true)
        await plain.close()
    }

    @Test func faultsOfTheServicesCertificate() async throws {
        let authority = try TestAuthority()
        try authority.issue("expired", alternatives: "DNS:localhost", from: "20200101000000Z", to: "20210101000000Z")
        try authority.issue("future", alternatives: "DNS:localhost", from: "20700101000000Z", to: "20710101000000Z")
        try authority.issue("other", alternatives: "DNS:other.example,IP:10.1.2.3")
        try authority.issue("client", alternatives: "DNS:localhost", usage: "clientAuth")
        let secure = try SecureService(authority: authority)
        for (name, text) in [
            ("expired", "certificate has expired"), ("future", "is not valid yet"),
            ("other", "is not for localhost, it is for dns:other.example, ip:10.1.2.3"),
            ("client", "is not accepted"),
        ] {
            let lines = secure.service.told.split(separator: "\n").count
            try secure.service.reload(SecureService.configuration(authority, certificate: name))
            while !secure.service.told.split(separator: "\n").dropFirst(lines).contains(where: {
                $0.contains("was reloaded")
            }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            let failure = await secure.failure()
            #expect(failure?.message.contains(text) == true, "\(failure?.message ?? "")")
        }
        #expect(secure.service.told.contains("has expired at 2021-01-01 00:00:00 UTC"))
    }

    @Test func aServiceWithoutTLS() async throws {
        let authority = try TestAuthority()
        let service = try Service(tcp: true)
        let client = ArticleClient(
            endpoint: .tls(
                host: "localhost", port: service.tcpPort, trust: .authorities(file: authority.path("ca.pem"))))
        let error = await #expect(throws: ClientError.self) { try await client.ping([]) }
        #expect(error?.message.contains("does not speak TLS there") == true)
        await client.close()
    }

    @Test func rolesByCertificate() async throws {
        let secure = try SecureService(
            clientCertificates: "optional",
            access: "{ read: { certificates: ['dns:portal', 'dns:editor'] }, write: { certificates: ['dns:editor'] } }")
        let editor = ArticleClient(endpoint: secure.endpoint(identity: "editor"))
        let portal = ArticleClient(endpoint: secure.endpoint(identity: "portal"))
        let nobody = ArticleClient(endpoint: secure.endpoint())
        let id = try #require(try await editor.put(Article(title: "a")).id)
        #expect(try await portal.get(id: id).title == "a")
        let write = await #expect(throws: ClientError.self) { try await portal.put(Article(title: "b")) }
        #expect(write?.status == .permissionDenied)
        let read = await #expect(throws: ClientError.self) { try await nobody.get(id: id) }
        #expect(read?.status == .permissionDenied)
        for client in [editor, portal, nobody] { await client.close() }
    }

    /// Each client connects again and again, while certificates come and go, good ones and bad ones.
    @Test func aReloadSwapsCertificatesUnderLoad() async throws {
        let secure = try SecureService()
        let (authority, service) = (secure.authority, secure.service)
        let stop = Flag()
        let load = Task {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var count = 0
                        while !stop.isSet {
                            let client = ArticleClient(endpoint: secure.endpoint(), options: ClientTests.options())
                            for _ in 0..<20 { _ = try await client.ping([]) }
                            await client.close()
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        for round in 1...10 {
            try authority.make(["--server", "localhost", "--renew"])
            try service.reload(SecureService.configuration(authority))
            while service.told.matches(of: #/was reloaded/#).count < round {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        // A bad one changes nothing.
        try "no key".write(toFile: authority.path("bad.key"), atomically: true, encoding: .utf8)
        try service.reload(
            "{ tls: { certificate: '\(authority.path("server.pem"))', key: '\(authority.path("bad.key"))' } }")
        while !service.told.contains("was not reloaded") { try await Task.sleep(for: .milliseconds(10)) }
        #expect(await secure.failure() == nil)
        stop.set()
        #expect(try await load.value > 0)
    }

    /// Half handshakes, garbage and silence from one peer: those who are connected notice nothing.
    @Test func aFloodOfHalfHandshakes() async throws {
        let secure = try SecureService()
        let port = secure.service.tcpPort
        let client = ArticleClient(endpoint: secure.endpoint(), options: ClientTests.options())
        _ = try await client.ping([])
        let own = ArticleClient(endpoint: .unix(path: secure.service.socketPath))
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        let starts: [[UInt8]] = [[], [0x16], [0x16, 3, 1, 2, 0, 1], [UInt8](repeating: 0x80, count: 5000)]
        for number in 0..<400 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            _ = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            sockets.append(descriptor)
            let bytes = starts[number % starts.count]
            _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if number % 20 == 0 { #expect(try await client.ping([1]).payload == [1]) }
        }
        #expect(try await client.put(Article(title: "a")).revision == 1)
        #expect(try await own.metrics().contains("articled_tls_handshakes_total{outcome=\"limit\"}"))
        await client.close()
        await own.close()
    }

    /// Puts with a condition, which are not safe to send twice: not one is in doubt.
    @Test func aStopUnderLoadIsNoError() async throws {
        let authority = try TestAuthority()
        let (first, second) = (try SecureService(authority: authority), try SecureService(authority: authority))
        let client = ArticleClient(
            endpoints: [first.endpoint(), second.endpoint()], options: ClientTests.options())
        let count = ClientTests.Counter()
        let (progress, continuation) = AsyncStream<Int>.makeStream()
        let stops = Task {
            for await count in progress {
                if count == 1000 { try first.service.restart(after: SIGTERM) }
                if count == 2500 { try second.service.restart(after: SIGTERM) }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<25 {
                group.addTask {
                    for _ in 0..<160 {
                        let put = try await client.put(Article(title: "a"), expectedRevision: 0)
                        #expect(put.revision == 1)
                        continuation.yield(count.increment())
                    }
                }
            }
            try await group.waitForAll()
        }
        continuation.finish()
        try await stops.value
        await client.close()
    }

    @Test func theCommandLine() throws {
        let secure = try SecureService(
            clientCertificates: "required",
            access: "{ read: { certificates: ['dns:portal'] }, write: { certificates: ['dns:portal'] } }")
        let tool = CommandLineTool(secure.service)
        let place = "localhost:\(secure.service.tcpPort)"
        func path(_ file: String) -> String { secure.authority.path(file) }
        let files = ["--ca", path("ca.pem"), "--certificate", path("portal.pem"), "--key", path("portal.key")]
        let stored = try tool.run(["store", "-", "--tls", place] + files, input: Array("Tin\n\nNội dung.".utf8))
        #expect(stored.code == 0, "\(stored.complaints)")
        let listed = try tool.run(["list", "--endpoint", "tls:127.0.0.1:\(secure.service.tcpPort)"] + files)
        #expect(listed.code == 0 && listed.lines.count == 1, "\(listed.complaints)")
        for (arguments, code, text) in [
            (["--tls", place], 69, "does not trust"),
            (["--tls", place, "--ca", path("ca.pem")], 69, "needs a client certificate"),
            (["--tls", place, "--certificate", path("portal.pem")], 64, "belong together"),
            (["--tls", "localhost"], 64, "HOST:PORT is expected"),
            (["--tls", place, "--tcp", place], 64, "exclude each other"),
            (["--tcp", place, "--ca", path("ca.pem")], 64, "--ca is for TLS"),
        ] as [([String], Int32, String)] {
            let outcome = try tool.run(["ping"] + arguments)
            #expect(outcome.code == code && outcome.complaints.contains(text), "\(outcome.code) \(outcome.complaints)")
        }
    }
}

/// Set once.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
