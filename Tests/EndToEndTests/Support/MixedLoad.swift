// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Glibc
import Synchronization

/// What callers of every method do beside each other, and what they know of the store at the end.
final class MixedLoad: Sendable {
    /// What a writer knows of its own articles.
    struct Known: Sendable {
        /// Acknowledged as stored last, by id: the title.
        var stored: [ArticleID: String] = [:]
        /// Acknowledged as deleted.
        var deleted: Set<ArticleID> = []
        /// Put or deleted by a call that was not answered: they may be there, in either form.
        var doubtful: Set<ArticleID> = []
    }

    private struct State: Sendable {
        var isOver = false
        /// How many answers each kind of call got, by status.
        var answers: [String: [String: Int]] = [:]
        /// What must not happen.
        var faults: [String] = []
        var recent: [ArticleID] = []
    }

    private let state = Mutex(State())
    let socketPath: String

    init(socketPath: String) { self.socketPath = socketPath }

    var isOver: Bool { state.withLock { $0.isOver } }
    var faults: [String] { state.withLock { $0.faults } }
    func end() { state.withLock { $0.isOver = true } }

    var summary: String {
        state.withLock { state in
            state.answers.sorted { $0.key < $1.key }.map { call, counts in
                "\(call) " + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            }.joined(separator: "; ")
        }
    }

    /// How many calls of this kind got an answer that is none of an error.
    func count(_ call: String) -> Int { state.withLock { $0.answers[call]?["OK"] ?? 0 } }

    /// A connection of its own.
    func client(window: Int? = nil) -> ArticleClient {
        var options = ClientOptions()
        options.deadline = .seconds(120)  // a sanitizer makes everything slow
        options.reconnectTimeout = .seconds(1)  // no call has to wait for a service that is gone
        if let window { options.streamWindow = window }
        return ArticleClient(endpoint: .unix(path: socketPath), options: options)
    }

    func note(_ id: ArticleID) {
        state.withLock { state in
            if state.recent.count < 2000 {
                state.recent.append(id)
            } else {
                state.recent[Int.random(in: 0..<2000)] = id
            }
        }
    }

    func recent(_ count: Int) -> [ArticleID] {
        state.withLock { state in (0..<count).compactMap { _ in state.recent.randomElement() } }
    }

    /// Makes a call again and again until the time is over.
    func `repeat`(_ call: String, allowing codes: Set<StatusCode> = [], _ body: () async throws -> Void) async {
        while !isOver { await attempt(call, allowing: codes, body) }
    }

    /// Makes a call whose answer must be none of an error, or have one of these codes.
    ///
    /// - Returns: the error.
    @discardableResult
    func attempt(
        _ call: String, allowing codes: Set<StatusCode> = [], _ body: () async throws -> Void
    ) async -> ClientError? {
        do {
            try await body()
            count(call, "OK")
            return nil
        } catch let error as ClientError {
            count(call, error.status.name)
            // Only a service that is gone, or breaks its protocol, fails so.
            if [.connection, .closed, .protocolViolation].contains(error.kind) || !codes.contains(error.status) {
                state.withLock { $0.faults.append("\(call): \(error.status.name): \(error)") }
                if error.kind == .connection { end() }
            }
            return error
        } catch {
            count(call, "\(type(of: error))")
            return nil
        }
    }

    private func count(_ call: String, _ outcome: String) {
        state.withLock { $0.answers[call, default: [:]][outcome, default: 0] += 1 }
    }
}
