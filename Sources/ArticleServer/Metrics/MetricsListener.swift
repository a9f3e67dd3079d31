// SPDX-License-Identifier: Apache-2.0
public import LinuxRuntime
internal import Synchronization

/// Answers Prometheus over HTTP on a thread of its own, so that its clients do not affect the event loops.
public final class MetricsListener: Sendable {
    private let listeners: [Listener]
    private let metrics: @Sendable () -> String
    private let wakeUp: EventDescriptor
    private let ended: EventDescriptor
    private let isStopping = Atomic<Bool>(false)

    /// The most connections. One more replaces the oldest.
    static let maxConnections = 32

    private enum Token {
        static let wakeUp = UInt64.max
        /// Listeners have the tokens from here on, connections those below.
        static let listeners = UInt64(1) << 62
    }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - listeners: listening sockets. The caller owns them.
    ///   - metrics: the text of the page. Called on the listener's thread.
    public init(_ listeners: [Listener], metrics: @escaping @Sendable () -> String) throws(SystemError) {
        self.listeners = listeners
        self.metrics = metrics
        wakeUp = try EventDescriptor()
        ended = try EventDescriptor()
        try Thread.detach("metrics") { [self] in
            do {
                try serve()
            } catch {
                Log.error("the metrics listener has ended: \(error)")
            }
            ended.signal()
        }
    }

    /// Stops answering, and waits until the thread has ended.
    ///
    /// - Returns: false if it did not end in time, because a plugin blocks it.
    public func stop(within nanoseconds: UInt64) -> Bool {
        isStopping.store(true, ordering: .relaxed)
        wakeUp.signal()
        return ended.wait(until: MonotonicClock.after(nanoseconds: nanoseconds))
    }

    private func serve() throws(SystemError) {
        let poller = try Poller()
        try poller.add(wakeUp.number, .readable, token: Token.wakeUp)
        let acceptors = listeners.map { Acceptor(listener: $0) }
        for (index, acceptor) in acceptors.enumerated() {
            try poller.add(acceptor.listener.descriptor, .readable, token: Token.listeners + UInt64(index))
        }
        // Ordered by age: tokens grow and are never reused.
        var connections: [UInt64: MetricsConnection] = [:]
        var next: UInt64 = 0
        func close(_ token: UInt64) {
            guard let connection = connections.removeValue(forKey: token) else { return }
            poller.remove(connection.descriptor)
        }
        func settle(_ token: UInt64, _ connection: MetricsConnection, before: Poller.Readiness?) {
            if connection.state == .over { return close(token) }
            guard connection.interest != before else { return }
            do throws(SystemError) {
                try poller.modify(connection.descriptor, connection.interest, token: token)
            } catch {
                close(token)
            }
        }
        while !isStopping.load(ordering: .relaxed) {
            let ready = poller.wait(
                timeout: MonotonicClock.pollTimeout(until: connections.values.map(\.deadline).min() ?? .max))
            let now = MonotonicClock.now
            for token in (0..<ready).map({ poller.event($0).token }) where token != Token.wakeUp {
                if token >= Token.listeners {
                    guard let descriptor = acceptors[Int(token - Token.listeners)].accept() else { continue }
                    if connections.count >= Self.maxConnections, let oldest = connections.keys.min() { close(oldest) }
                    let connection = MetricsConnection(descriptor: descriptor, now: now)
                    do throws(SystemError) {
                        try poller.add(descriptor, .readable, token: next)
                        connections[next] = connection
                        next += 1
                    } catch {
                        Log.warning("a connection for metrics was closed: \(error)")
                    }
                } else if let connection = connections[token] {
                    let before = connection.interest
                    connection.proceed(at: now) { HTTPResponse.answer(to: $0, metrics: metrics) }
                    settle(token, connection, before: before)
                }
            }
            for (token, connection) in connections where now >= connection.deadline {
                let before = connection.interest
                connection.expire(at: now)
                settle(token, connection, before: before)
            }
        }
    }
}

/// One client of the metrics listener. It gets one answer, and has a few seconds.
///
/// Confined to the listener's thread.
final class MetricsConnection {
    let descriptor: Int32
    /// CLOCK_MONOTONIC, nanoseconds.
    private(set) var deadline: UInt64
    private(set) var state = State.reading
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var written = 0
    private var discarded = 0

    enum State {
        case reading
        case writing
        /// All is written. Closing with unread bytes could destroy the answer, so the peer closes first.
        case lingering
        case over
    }

    /// The limit of the whole exchange, so that a slow sender does not stay.
    static let exchangeTimeout: UInt64 = 10_000_000_000
    private static let lingering: UInt64 = 1_000_000_000
    /// The most bytes that are discarded behind a request before the connection is closed.
    private static let maxDiscarded = 1 << 20

    init(descriptor: Int32, now: UInt64) {
        self.descriptor = descriptor
        deadline = now &+ Self.exchangeTimeout
    }

    deinit { Descriptor.close(descriptor) }

    /// What to wait for.
    var interest: Poller.Readiness { state == .writing ? .writable : .readable }

    /// The descriptor is ready for something.
    func proceed(at now: UInt64, _ answer: (HTTPRequest) -> HTTPResponse) {
        switch state {
        case .reading: read(at: now, answer)
        case .writing: write(at: now)
        case .lingering: discard()
        case .over: break
        }
    }

    /// The deadline may have passed.
    func expire(at now: UInt64) {
        guard now >= deadline else { return }
        if state == .reading, !input.isEmpty {
            reply(HTTPResponse(.requestTimeout), at: now)
        } else {
            state = .over
        }
    }

    private func read(at now: UInt64, _ answer: (HTTPRequest) -> HTTPResponse) {
        switch receive() {
        case .some(let bytes): input += bytes
        case .none: return
        }
        switch HTTPRequest.read(input) {
        case .incomplete: break
        case .request(let request): reply(answer(request), at: now)
        case .fault(let status): reply(HTTPResponse(status), at: now)
        }
    }

    private func reply(_ response: HTTPResponse, at now: UInt64) {
        output = response.bytes
        input = []
        state = .writing
        deadline = max(deadline, now &+ Self.lingering)
        write(at: now)
    }

    private func write(at now: UInt64) {
        while written < output.count {
            let transfer = unsafe output.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return StreamSocket.Transfer.wouldBlock }
                return unsafe StreamSocket.send(descriptor, from: base + written, count: bytes.count - written)
            }
            switch transfer {
            case .bytes(let count): written += count
            case .wouldBlock: return
            case .ended, .failed:
                state = .over
                return
            }
        }
        output = []
        StreamSocket.endSending(descriptor)
        state = .lingering
        deadline = now &+ Self.lingering
    }

    private func discard() {
        guard let bytes = receive() else { return }
        discarded += bytes.count
        if discarded > Self.maxDiscarded { state = .over }
    }

    /// nil if nothing came. The end of the input ends the connection.
    private func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: HTTPRequest.maxHead)
        let transfer = unsafe buffer.withUnsafeMutableBytes { memory in
            guard let base = memory.baseAddress else { return StreamSocket.Transfer.wouldBlock }
            return unsafe StreamSocket.receive(descriptor, into: base, capacity: memory.count)
        }
        switch transfer {
        case .bytes(let count): return Array(buffer[..<count])
        case .wouldBlock: return nil
        case .ended, .failed:
            state = .over
            return nil
        }
    }
}
