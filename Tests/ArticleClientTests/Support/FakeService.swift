// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux
import Glibc
import Synchronization
import Testing

@testable import ArticleClient

/// A service on a Unix socket that serves any number of connections, each on its own thread, until it is killed. It can be
/// started again at the same place.
///
/// Its response to a unary call is its name, so that a test sees who has served the call.
final class FakeService: Sendable {
    /// What it does with a request.
    enum Behaviour: Sendable {
        case serves
        /// Responds with this status.
        case refuses(StatusCode)
        /// Accepts connections, and sends nothing, not even a HELLO.
        case isMute
        /// Says HELLO, and responds to nothing.
        case isSilent
        /// Says HELLO, and then something else than the protocol.
        case isGarbled
    }

    private struct State: Sendable {
        var listener: Int32 = -1
        var connections: [Int32] = []
        var behaviour = Behaviour.serves
        var served = 0
        var stored: [ArticleID] = []
        var accepted = 0
    }

    let name: UInt8
    let path: String
    private let directory: String
    private let methods: [MethodDescription]
    private let state = Mutex(State())

    var endpoint: Endpoint { .unix(path: path) }
    /// How many requests and messages of uploads it has responded to.
    var served: Int { state.withLock { $0.served } }
    /// How many connections it has accepted.
    var accepted: Int { state.withLock { $0.accepted } }
    /// The articles that it acknowledged, in order.
    var stored: [ArticleID] { state.withLock { $0.stored } }

    init(
        _ name: UInt8, _ behaviour: Behaviour = .serves, methods: [MethodDescription] = ScriptedConnection.methods
    ) throws {
        self.name = name
        self.methods = methods
        var template = Array("/tmp/article-client-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) }
        directory = try unsafe String(cString: #require(made))
        path = directory + "/s"
        state.withLock { $0.behaviour = behaviour }
        try start()
    }

    deinit {
        kill()
        unsafe rmdir(directory)
    }

    func become(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

    /// Listens.
    func start() throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 64) == 0)
        state.withLock { $0.listener = listener }
        Thread.start { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                guard self?.begin(descriptor, of: listener) == true else {
                    close(descriptor)
                    break
                }
            }
            close(listener)
        }
    }

    /// Ends as a killed process does: everything is closed, and nothing listens.
    func kill() {
        unsafe unlink(path)
        let (listener, connections) = state.withLock { state in
            defer { (state.listener, state.connections) = (-1, []) }
            return (state.listener, state.connections)
        }
        if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
        for descriptor in connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Sends GO_AWAY on all connections. What is in flight is still served, and so are new connections.
    func goAway() {
        let status = Status(code: StatusCode.unavailable.rawValue, message: "restarting").encoded()
        state.withLock { state in
            for descriptor in state.connections {
                try? ScriptedConnection(descriptor: descriptor).send(.goAway, status)
            }
        }
    }

    private func begin(_ descriptor: Int32, of listener: Int32) -> Bool {
        let isOpen = state.withLock { state in
            guard state.listener == listener else { return false }
            state.accepted += 1
            state.connections.append(descriptor)
            return true
        }
        guard isOpen else { return false }
        Thread.start { [weak self] in
            let connection = ScriptedConnection(descriptor: descriptor)
            try? self?.greet(connection)
            var uploads: [UInt32: UInt64] = [:]
            while let frame = try? connection.receive(), (try? self?.serve(frame, connection, &uploads)) == true {}
            self?.state.withLock { $0.connections.removeAll { $0 == descriptor } }
            connection.close()
        }
        return true
    }

    private func greet(_ connection: ScriptedConnection) throws {
        if case .isMute = state.withLock({ $0.behaviour }) { return }
        try connection.hello(methods)
    }

    /// Responds to one frame. `false`: no more are read.
    private func serve(
        _ frame: ScriptedConnection.Frame, _ connection: ScriptedConnection, _ uploads: inout [UInt32: UInt64]
    ) throws -> Bool {
        let stream = frame.header.stream
        let behaviour = state.withLock { $0.behaviour }
        switch (frame.header.kind, behaviour) {
        case (.ping, .serves), (.ping, .refuses): try reply { try connection.send(.pong, frame.payload) }
        case (_, .isMute), (_, .isSilent): break
        case (.request, .isGarbled):
            try reply { try connection.send(bytes: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
        case (.request, .refuses(let code)): try reply { try connection.fail(stream, code, "refused") }
        case (.request, .serves) where methods.contains { $0.number == frame.header.method && $0.streamRequest }:
            uploads[stream] = 0
        case (.request, .serves): try respond(frame, stream, connection)
        case (.message, .serves): try store(frame, &uploads, connection)
        case (.end, .serves): try reply { try connection.send(.end, stream: stream) }
        default: break
        }
        return true
    }

    /// Frames of GO_AWAY come from another thread.
    private func reply(_ send: () throws -> Void) throws {
        try state.withLock { _ in try send() }
    }

    private func respond(_ frame: ScriptedConnection.Frame, _ stream: UInt32, _ connection: ScriptedConnection) throws {
        let isPut = methods.contains { $0.number == frame.header.method && $0.name == "store.put" }
        let id = isPut ? try PutRequest(decoding: frame.message).article?.id : nil
        let payload = isPut ? PutResult(outcome: .created, id: id, revision: 1).encoded() : [name]
        try state.withLock { state in
            state.served += 1
            if let id { state.stored.append(id) }
            try connection.send(.message, payload, flags: .end, stream: stream)
        }
    }

    private func store(
        _ frame: ScriptedConnection.Frame, _ uploads: inout [UInt32: UInt64], _ connection: ScriptedConnection
    ) throws {
        let stream = frame.header.stream
        guard let index = uploads[stream] else { return }
        uploads[stream] = index + 1
        let id = try PutRequest(decoding: frame.payload).article?.id
        let result = PutManyResult(index: index, result: PutResult(outcome: .created, id: id, revision: 1))
        let credit = Credit(bytes: UInt32(frame.payload.count + Limits.messageOverhead)).encoded()
        try state.withLock { state in
            state.served += 1
            if let id { state.stored.append(id) }
            try connection.send(.message, result.encoded(), stream: stream)
            try connection.send(.credit, credit, stream: stream)
            if frame.header.flags.contains(.end) { try connection.send(.end, stream: stream) }
        }
    }
}
