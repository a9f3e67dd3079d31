// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

/// A session with methods for tests, without a socket, on a loop that does not run.
///
/// Method 1 echoes at once, 2 keeps its request for the test to answer, 3 streams both ways and keeps its request,
/// 4 needs the role to write, 5 streams its response and keeps its request, 6 does so without an end.
final class SessionHarness {
    let loop: EventLoop
    let session: Session
    let outgoing: OutgoingBuffer
    let script: Script

    static let read = UInt32(ARTICLED_ROLE_READ)

    init(
        roles: UInt32 = read, limits: ServiceLimits = ServiceLimits(), greeted: Bool = true,
        slowRequestNanoseconds: UInt64? = nil
    ) throws {
        script = Script()
        let context = Self.context(script, limits)
        loop = try EventLoop(index: 0, context: context, listeners: [])
        if let slowRequestNanoseconds { loop.slowRequest = slowRequestNanoseconds }
        outgoing = OutgoingBuffer(pool: loop.buffers)
        let peer = Peer(credentials: nil, roles: roles)
        let account = try context.admission.enter(peer.identity, isAdministrator: peer.isAdministrator)
        session = Session(peer: peer, account: account, loop: loop, outgoing: outgoing)
        if greeted {
            receive(WireFrame(kind: .hello, payload: Self.hello().encoded()))
            let answer = try sent()
            #expect(answer.map(\.kind) == [.hello], "\(answer)")
        }
    }

    /// A service with the methods above, which `script` answers.
    ///
    /// - Parameter beatInterval: how long a turn of the loop may wait, in nanoseconds; 0 for ever.
    static func context(_ script: Script, _ limits: ServiceLimits, beatInterval: UInt64 = 0) -> ServerContext {
        let plugin = unsafe Unmanaged.passUnretained(script).toOpaque()
        func route(
            _ index: UInt32, _ name: String, role: UInt32 = SessionHarness.read, streams: Bool = false,
            answers: Bool = false, isEndless: Bool = false
        ) -> Route {
            unsafe Route(
                description: MethodDescription(name: name, number: index + 1, role: "write"), role: role,
                streamsRequest: streams, streamsResponse: streams || answers, isEndless: isEndless,
                handle: Script.handle, plugin: plugin, index: index)
        }
        var configuration = ServerConfiguration()
        configuration.limits = limits
        return ServerContext(
            configuration: configuration,
            router: Router([
                route(0, "test.echo"), route(1, "test.keep"), route(2, "test.stream", streams: true),
                route(3, "test.write", role: UInt32(ARTICLED_ROLE_WRITE)), route(4, "test.answers", answers: true),
                route(5, "test.endless", answers: true, isEndless: true),
            ]), loops: 1, beatInterval: beatInterval)
    }

    static func hello(window: UInt32 = 100, maxFrame: UInt32 = 65536) -> ClientHello {
        ClientHello(protocolMin: 1, protocolMax: 1, maxFrame: maxFrame, streamWindow: window, agent: "test")
    }

    /// Gives the session bytes as a connection would, and keeps what is not processed for the next call.
    private var kept: [UInt8] = []
    func receive(_ bytes: [UInt8]) {
        kept += bytes
        let step = unsafe kept.withUnsafeBytes { unsafe session.process($0, until: .max) }
        kept.removeFirst(min(step.used, kept.count))
    }

    func receive(_ frames: WireFrame...) { receive(frames.flatMap(\.bytes)) }

    /// The frames that the session has written since the last call.
    func sent() throws -> [WireFrame] {
        let count = outgoing.count
        guard count > 0 else { return [] }
        let (reader, writer) = try socketPair()
        defer {
            Descriptor.close(reader)
            Descriptor.close(writer)
        }
        var bytes: [UInt8] = []
        while !outgoing.isEmpty {
            _ = try #require(outgoing.write(to: writer))
            bytes += drain(reader)
        }
        return try WireFrame.all(in: bytes)
    }
}
