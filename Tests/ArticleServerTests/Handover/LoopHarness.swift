// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

/// An event loop with real connections and the methods of `SessionHarness`. The test makes it turn.
final class LoopHarness {
    enum Behaviour: UInt32 {
        case echo, keep, stream
    }

    let loop: EventLoop
    let script = Script()

    init(
        _ listener: Listener, _ methods: [(String, Behaviour)] = LoopHarness.usual,
        limits: ServiceLimits = ServiceLimits(), configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let plugin = unsafe Unmanaged.passUnretained(script).toOpaque()
        let read = UInt32(ARTICLED_ROLE_READ)
        let routes = methods.enumerated().map { index, method in
            unsafe Route(
                description: MethodDescription(
                    name: method.0, number: UInt32(index + 1), streamRequest: method.1 == .stream,
                    streamResponse: method.1 == .stream), role: read, streamsRequest: method.1 == .stream,
                streamsResponse: method.1 == .stream, handle: Script.handle, plugin: plugin, index: method.1.rawValue)
        }
        var configuration = ServerConfiguration()
        configuration.limits = limits
        configure(&configuration)
        let context = ServerContext(
            configuration: configuration, router: Router(routes), loops: 1, listeners: 1, beatInterval: 0)
        loop = try EventLoop(index: 0, context: context, listeners: [listener])
    }

    static let usual: [(String, Behaviour)] = [("test.echo", .echo), ("test.keep", .keep), ("test.stream", .stream)]

    /// Turns once, even if there is nothing to do.
    func turn() {
        loop.inbox.add {}
        loop.turn()
    }

    /// Brings the connections to rest, within a limit.
    func handOver(seconds: UInt64 = 20, streamsMilliseconds: UInt64 = 20_000) {
        let loop = loop
        let deadline = MonotonicClock.now + seconds * 1_000_000_000
        let streamsDeadline = MonotonicClock.now + streamsMilliseconds * 1_000_000
        loop.inbox.add { loop.handOver(until: deadline, streamsUntil: streamsDeadline) }
        loop.turn()
    }
}

/// A client that reads when the test says so.
final class LoopClient {
    let descriptor: Int32

    init(_ listener: Listener, _ harness: LoopHarness) throws {
        let address = try ListenAddress(listener.description)
        descriptor = socket(SocketAddress.family(of: address), Int32(SOCK_STREAM.rawValue), 0)
        try #require(unsafe SocketAddress.with(address, { unsafe connect(descriptor, $0, $1) }) == 0)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        harness.turn()
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = unsafe write(descriptor, bytes, bytes.count) }
    func send(_ frames: WireFrame...) { send(frames.flatMap(\.bytes)) }
    func received() throws -> [WireFrame] { try WireFrame.all(in: drain(descriptor)) }

    /// Shakes hands, and returns the server's hello.
    func greet(_ harness: LoopHarness) throws -> ServerHello {
        send(WireFrame(kind: .hello, payload: SessionHarness.hello().encoded()))
        harness.turn()
        return try ServerHello(decoding: try #require(try received().first).payload)
    }

    /// Whether the connection is closed, or will be soon: a child process of another test may hold the other end for a
    /// moment.
    var isClosed: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 5000) == 1 else { return false }
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, 0) == 0
    }
}
