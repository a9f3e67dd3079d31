// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A program that is started with nothing but its standard input and output: no other child keeps its pipes open.
final class ChildProgram: Sendable {
    private let pid: pid_t
    private let input: Int32
    private let output: Int32

    private static let starting = Mutex(())

    /// One at a time: none inherits a pipe of another that is not marked yet.
    init(_ program: String, _ arguments: [String]) throws {
        (pid, input, output) = try Self.starting.withLock { _ in try Self.start(program, arguments) }
    }

    private static func start(_ program: String, _ arguments: [String]) throws -> (pid_t, Int32, Int32) {
        let (toChild, fromChild) = (try pair(), try pair())
        defer {
            close(toChild.read)
            close(fromChild.write)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild.read, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild.write, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild.write, 2)
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var pid = pid_t()
        guard unsafe posix_spawn(&pid, program, &actions, nil, &words, environ) == 0 else {
            throw Cluster.Failure("\(program) cannot be started")
        }
        return (pid, toChild.write, fromChild.read)
    }

    private static func pair() throws -> (read: Int32, write: Int32) {
        var pair: [Int32] = [-1, -1]
        guard unsafe pipe(&pair) == 0 else { throw Cluster.Failure("pipe failed") }
        for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (pair[0], pair[1])
    }

    deinit {
        close(input)
        close(output)
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(input, bytes, bytes.count)
    }

    /// What it has written meanwhile; empty at the end. Blocks.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let size = bytes.count
        let count = unsafe Glibc.read(output, &bytes, size)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status.
    func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
