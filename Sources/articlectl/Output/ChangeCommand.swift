// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import CLinux
internal import Glibc
import JSONTree

/// The command of `watch --exec`, which a shell runs once for each change.
enum ChangeCommand {
    /// Runs the command and waits for its end.
    ///
    /// - Returns: its exit status; 128 and the number of the signal that ended it.
    static func run(_ command: String, _ change: ArticleChange) throws(CommandFailure) -> Int32 {
        let input = try input(of: change)
        defer { close(input) }
        let child = try spawn(["/bin/sh", "-c", command], environment(of: change), input: input)
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else {
                throw CommandFailure(.software, "the command is lost: \(SystemText.describing(errno))")
            }
        }
        let signal = status & 0x7f  // WTERMSIG, wait(2)
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    /// A file in memory with the article as one line of JSON. A command need not read it.
    private static func input(of change: ArticleChange) throws(CommandFailure) -> Int32 {
        let file = unsafe clinux_memory_file("article")
        guard file >= 0 else {
            throw CommandFailure(.io, "the command's input: \(SystemText.describing(errno))")
        }
        if case .stored(let article) = change.event {
            let output = Output(descriptor: file, name: "the command's input", isTerminal: false)
            do throws(CommandFailure) {
                try output.line(article.json().text)
                try output.flush()
            } catch {
                close(file)
                throw error
            }
            lseek(file, 0, SEEK_SET)
        }
        return file
    }

    private static func environment(of change: ArticleChange) -> [String] {
        [
            "ARTICLED_CHANGE=\(change.word)", "ARTICLED_ID=\(change.id.map { "\($0)" } ?? "")",
            "ARTICLED_REVISION=\(change.revision)", "ARTICLED_SEQUENCE=\(change.sequence)",
            "ARTICLED_CURSOR=\(change.place)",
        ]
    }

    /// Starts a program with this process's environment and a few variables more.
    private static func spawn(
        _ words: [String], _ more: [String], input: Int32
    ) throws(CommandFailure) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM] { unsafe sigaddset(&signals, signal) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let added = Set(more.map { $0.prefix { $0 != "=" } })
        var variables = unsafe more.map { unsafe strdup($0) }
        var next = unsafe clinux_environment()
        while let variable = unsafe next?.pointee {
            // As it is: it need not be UTF-8.
            let name = unsafe String(cString: variable).prefix { $0 != "=" }
            if !added.contains(name) { unsafe variables.append(strdup(variable)) }
            unsafe next = unsafe next?.successor()
        }
        var pointers = unsafe (words.map { unsafe strdup($0) } + [nil], variables + [nil])
        defer {
            while let pointer = unsafe pointers.0.popLast() { unsafe free(pointer) }
            while let pointer = unsafe pointers.1.popLast() { unsafe free(pointer) }
        }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, words[0], &actions, &attributes, &pointers.0, &pointers.1)
        guard code == 0 else {
            throw CommandFailure(.software, "\(words[0]) cannot be started: \(SystemText.describing(code))")
        }
        return child
    }
}
