// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import LinuxRuntime
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// kill -9 at any moment loses nothing that was acknowledged, and the next start needs no repair.
@Suite struct CrashTests {
    @Test func killedUnderLoad() async throws {
        let rounds = unsafe getenv("ARTICLED_CRASH_ROUNDS").flatMap { unsafe Int(String(cString: $0)) } ?? 8
        let directory = TemporaryDirectory()
        let pipe = directory.path + "/acknowledged"
        unsafe #expect(mkfifo(pipe, 0o600) == 0)
        let state = directory.path + "/state"
        var acknowledged: [ArticleID: UInt64] = [:]
        var mirror = ChangeMirror()
        for _ in 0..<rounds {
            let collector = try #require(AcknowledgementCollector(pipe, killAfter: .random(in: 1...1000)))
            await #expect(processExitsWith: .signal(SIGKILL)) { [pipe = pipe as String, state = state as String] in
                try await CrashLoad.run(state, pipe)
            }
            for (id, revision) in collector.finish() { acknowledged[id] = max(acknowledged[id] ?? 0, revision) }
            try verify(state, acknowledged, &mirror)
        }
        #expect(!acknowledged.isEmpty)
    }

    private func verify(_ state: String, _ acknowledged: [ArticleID: UInt64], _ mirror: inout ChangeMirror) throws {
        let engine = try LMDBEngine(.tests, directory: state)
        defer { engine.stop() }
        for (id, revision) in acknowledged {
            let copy = try #require(try engine.copy(id), "\(id) is lost")
            // Writes in flight may be durable too.
            #expect(copy.revision >= revision)
            #expect(try engine.copy(key: "\(id)")?.id == id)
        }
        let all = try engine.list()
        #expect(all.count == Int(try engine.statistics().records) && all.count >= acknowledged.count)
        var terms = 0
        for term in 0..<4 { terms += try engine.list(["t:\(term)"]).count }
        #expect(terms == all.count)
        // The mirror goes on where it was before the kill.
        try mirror.follow(lending: engine)
        #expect(mirror.restarts == 0)
        #expect(try mirror.isEqual(lending: engine))
        for copy in all where copy.content != CrashLoad.content(copy.id, copy.revision) {
            Issue.record("\(copy.id) is not whole")
        }
    }
}

/// What the process does until it is killed.
enum CrashLoad {
    /// The content of a revision of a record.
    static func content(_ id: ArticleID, _ revision: UInt64) -> [UInt8] {
        let seed = id.low ^ revision
        return unsafe withUnsafeBytes(of: (id.high, id.low, revision)) { unsafe Array($0) }
            + [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: Int(200 + seed % 5000))
    }

    /// Stores articles and reports each acknowledgement, until it is killed.
    static func run(_ state: String, _ pipe: String) async throws {
        let descriptor = unsafe open(pipe, O_WRONLY)
        // The first message names the process to kill.
        tell(descriptor, UInt64(getpid()), 0, 0)
        let engine = try LMDBEngine(.tests, directory: state)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<64 {
                group.addTask {
                    while true {
                        let id = ArticleID.generate()
                        for revision in 1...UInt64(1 + writer % 3) {
                            let result = await engine.put(
                                .id(id), content: content(id, revision), expected: revision - 1,
                                key: Array("\(id)".utf8),
                                time: writer % 2 == 0 ? nil : Int64(id.low % 1_000_000), terms: ["t:\(id.low % 4)"])
                            guard result.revision == revision, result.refusal == nil else { exit(1) }
                            tell(descriptor, id.high, id.low, revision)
                        }
                    }
                }
            }
        }
    }

    private static func tell(_ descriptor: Int32, _ words: UInt64...) {
        unsafe words.withUnsafeBytes { if unsafe write(descriptor, $0.baseAddress, $0.count) != $0.count { exit(2) } }
    }
}

/// Reads acknowledgements, and kills the process that sends them after a number of them.
final class AcknowledgementCollector: @unchecked Sendable {
    private let descriptor: Int32
    private let end: (read: Int32, write: Int32)
    private let found = Mutex<[(ArticleID, UInt64)]>([])
    private var thread: Thread?

    init?(_ path: String, killAfter: Int) {
        // Opened for writing too, so that opening does not wait for the other side.
        descriptor = unsafe open(path, O_RDWR | O_NONBLOCK)
        var ends: [Int32] = [0, 0]
        guard descriptor >= 0, unsafe Glibc.pipe(&ends) == 0 else { return nil }
        end = (ends[0], ends[1])
        thread = try? Thread("test") { [unowned self] in collect(killAfter) }
        if thread == nil { return nil }
    }

    deinit {
        for each in [descriptor, end.read, end.write] { close(each) }
    }

    /// Everything that the process has acknowledged before it was killed.
    func finish() -> [(ArticleID, UInt64)] {
        _ = unsafe write(end.write, "x", 1)
        thread?.join()
        return found.withLock { $0 }
    }

    private func collect(_ killAfter: Int) {
        var victim: pid_t = 0
        var isKilled = false
        var isOver = false
        var buffer = [UInt64](repeating: 0, count: 3 * 128)
        while true {
            let count = unsafe read(descriptor, &buffer, 24 * 128)
            if count <= 0 {
                if isOver { return }
                var polled = [
                    pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: end.read, events: Int16(POLLIN), revents: 0),
                ]
                unsafe poll(&polled, 2, 60_000)
                isOver = polled[1].revents != 0
                continue
            }
            for index in stride(from: 0, to: count / 8, by: 3) {
                if victim == 0 {
                    victim = pid_t(buffer[index])
                } else {
                    found.withLock {
                        $0.append((ArticleID(high: buffer[index], low: buffer[index + 1]), buffer[index + 2]))
                    }
                }
            }
            if victim != 0, !isKilled, found.withLock({ $0.count }) >= killAfter {
                kill(victim, SIGKILL)
                isKilled = true
            }
        }
    }
}
