// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import CLinux
import Glibc
import Synchronization
import Testing

/// A service that runs one script per connection, in the order of the connections, each on its own thread.
final class ScriptedService: Sendable {
    typealias Script = @Sendable (ScriptedConnection) throws -> Void

    let path: String
    private let directory: String
    private let listener: Int32
    private let outcome: Mutex<Outcome>

    private struct Outcome: Sendable {
        var left: Int
        var result: Result<Void, any Error>?
        var waiter: CheckedContinuation<Void, any Error>?
    }

    var endpoint: Endpoint { .unix(path: path) }

    init(_ scripts: Script...) throws {
        outcome = Mutex(Outcome(left: scripts.count))
        var template = Array("/tmp/article-client-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) }
        directory = try unsafe String(cString: #require(made))
        path = directory + "/s"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 64) == 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        Thread.start { self.play(scripts) }
    }

    /// Waits until all scripts have ended, and throws the error of one that failed.
    func finished() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let result = outcome.withLock { outcome in
                if outcome.result == nil { outcome.waiter = continuation }
                return outcome.result
            }
            if let result { continuation.resume(with: result) }
        }
    }

    private func play(_ scripts: [Script]) {
        for (index, script) in scripts.enumerated() {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                end(.failure(ScriptedConnection.Unexpected(description: "no connection number \(index)")))
                break
            }
            Thread.start { [self] in
                let connection = ScriptedConnection(descriptor: descriptor)
                let result = Result<Void, any Error> { try script(connection) }
                connection.close()
                end(result.mapError { ScriptedConnection.Unexpected(description: "connection \(index): \($0)") })
            }
        }
        close(listener)
        unsafe unlink(path)
        unsafe rmdir(directory)
    }

    /// A script has ended or failed.
    private func end(_ result: Result<Void, any Error>) {
        let waiter: CheckedContinuation<Void, any Error>? = outcome.withLock { outcome in
            outcome.left -= 1
            if case .failure = result { outcome.result = result } else if outcome.left > 0 { return nil }
            if outcome.result == nil { outcome.result = result }
            return outcome.waiter.take()
        }
        if let waiter, let final = outcome.withLock({ $0.result }) { waiter.resume(with: final) }
    }
}

/// A thread that may block.
enum Thread {
    private final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let work = unsafe Unmanaged.passRetained(Work(run))
        unsafe pthread_create(
            &thread, nil,
            { context in
                unsafe Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        pthread_detach(thread)
    }
}

/// An event in a script that a test waits for, or the reverse.
final class Signal: Sendable {
    private struct State: Sendable {
        var fired = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    private let event = clinux_eventfd()

    deinit { close(event) }

    func fire() {
        clinux_eventfd_signal(event)
        let waiters = state.withLock { state in
            state.fired = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// For tests.
    func wait() async {
        await withCheckedContinuation { continuation in
            let fired = state.withLock { state in
                if !state.fired { state.waiters.append(continuation) }
                return state.fired
            }
            if fired { continuation.resume() }
        }
    }

    /// For scripts.
    func block() throws {
        var wanted = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wanted, 1, 10_000) == 1 else {
            throw ScriptedConnection.Unexpected(description: "the test did not go on within the time limit")
        }
    }
}
