// SPDX-License-Identifier: Apache-2.0

import ArticleClient
import CLinux
internal import Glibc

/// An articled of our own on an empty store, with its own socket, directory and plugins. All of it goes with this object.
///
/// It is in a process group of its own, so Ctrl-C reaches articlectl alone. If articlectl is killed, articled ends by itself
/// soon after.
final class ScratchService {
    let endpoint: Endpoint
    /// Where all of it lies.
    let directory: String
    private var pid: pid_t = 0

    /// The plugins that are measured: any others may need settings.
    private static let plugins = ["Store", "Fetch", "Classify", "LMDBStorage"]
    /// How long a start may take, nanoseconds.
    private static let patience: UInt64 = 60_000_000_000

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - parent: the directory to make its own in; nil: $TMPDIR, or /var/tmp.
    ///   - connections: how many it must accept.
    init(in parent: String?, connections: Int) throws(CommandFailure) {
        let program = try Self.program()
        directory = try Self.makeDirectory(in: parent ?? Environment.value("TMPDIR") ?? "/var/tmp")
        let socket = directory + "/socket"
        endpoint = .unix(path: socket)
        do throws(CommandFailure) {
            guard socket.utf8.count <= 107 else {  // unix(7)
                throw .usage(
                    "\(directory): the path is too long for a socket", hint: "name a shorter one with --scratch")
            }
            try prepare(program, connections: connections)
            try start(program)
            try awaitListening()
        } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// Ends it and removes what it stored, which nobody needs any more.
    func stop() {
        if pid > 0 {
            kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
            pid = 0
        }
        Self.remove(directory)
    }

    // MARK: The parts

    /// The articled beside this program, or the first in PATH.
    private static func program() throws(CommandFailure) -> String {
        let own = Directory.absolute("/proc/self/exe")
        let beside = own.lastIndex(of: "/").map { String(own[..<$0]) }
        let path = (Environment.value("PATH") ?? "").split(separator: ":").map(String.init)
        for directory in ([beside].compactMap(\.self) + path) where unsafe access(directory + "/articled", X_OK) == 0 {
            return directory + "/articled"
        }
        throw CommandFailure(
            .unavailable, "there is no articled to measure, neither beside articlectl nor in PATH",
            hint: "--live measures the service that runs already")
    }

    /// Where articled looks for plugins, as `articled --help` says.
    private static func libraries(of program: String) -> [String] {
        let place = Directory.absolute(program).split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        let places = ["\(place)/plugins", "\(place)/../lib/articled/plugins", "/usr/lib/articled/plugins", place]
        let found = places.first { unsafe access($0 + "/libLMDBStorage.so", R_OK) == 0 } ?? place
        return plugins.map { "\(found)/lib\($0).so" }.filter { unsafe access($0, R_OK) == 0 }
    }

    private static func makeDirectory(in parent: String) throws(CommandFailure) -> String {
        var template = Array("\(Directory.absolute(parent))/articlectl-bench-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
        }
        guard made else {
            throw CommandFailure(.io, "\(parent): no directory can be made in it: \(SystemText.describing(errno))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func prepare(_ program: String, connections: Int) throws(CommandFailure) {
        for name in ["state", "plugins"] where unsafe mkdir("\(directory)/\(name)", 0o700) != 0 {
            throw CommandFailure(.io, "\(directory)/\(name): \(SystemText.describing(errno))")
        }
        let libraries = Self.libraries(of: program)
        guard !libraries.isEmpty else {
            throw CommandFailure(.unavailable, "no plugins are found for \(program)")
        }
        for library in libraries {
            let name = library.split(separator: "/").last ?? ""
            guard unsafe symlink(library, "\(directory)/plugins/\(name)") == 0 else {
                throw CommandFailure(.io, "\(directory)/plugins/\(name): \(SystemText.describing(errno))")
            }
        }
        // The preparation has connections besides.
        let configuration = try OutputFile(directory + "/articled.json5")
        try configuration.line("{ limits: { connections: \(max(4096, connections + 16)) } }")
        try configuration.finish()
    }

    private func start(_ program: String) throws(CommandFailure) {
        let words = [
            program, "--listen", "unix:\(directory)/socket", "--state-directory", "\(directory)/state",
            "--plugins", "\(directory)/plugins", "--configuration", "\(directory)/articled.json5",
            "--exit-when-idle", "60s",
        ]
        // What a service manager tells the process that it started, such as NOTIFY_SOCKET, is not for this one.
        let names = [
            "PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "SWIFT_BACKTRACE", "ASAN_OPTIONS",
            "TSAN_OPTIONS",
        ]
        let environment = names.compactMap { name in Environment.value(name).map { "\(name)=\($0)" } }
        pid = try Spawn.run(words, environment: environment, log: directory + "/log")
    }

    private func awaitListening() throws(CommandFailure) {
        let end = clinux_now() + Self.patience
        while true {
            if let descriptor = try? BlockingConnection.open(endpoint) {
                close(descriptor)
                return
            }
            guard !Signals.isInterrupted else { throw CommandFailure(.interrupted, "stopped") }
            var status: Int32 = 0
            if unsafe waitpid(pid, &status, WNOHANG) == pid {
                pid = 0
                throw CommandFailure(.unavailable, "articled did not start:\n\(log)")
            }
            guard clinux_now() < end else { throw CommandFailure(.unavailable, "articled does not listen:\n\(log)") }
            _ = poll(nil, 0, 10)
        }
    }

    /// The end of what it said.
    private var log: String {
        var bytes: [UInt8] = []
        if var source = try? ByteSource(directory + "/log") {
            while let count = try? source.read(into: &bytes), count > 0, bytes.count < 1 << 20 {}
        }
        return String(decoding: bytes.suffix(2000), as: UTF8.self)
    }

    /// Removes a directory with all below it. Links are not followed.
    private static func remove(_ path: String) {
        if let directory = unsafe opendir(path) {
            var names: [String] = []
            while let entry = unsafe readdir(directory) {
                let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { names.append(name) }
            }
            unsafe _ = closedir(directory)
            for name in names {
                let inner = path + "/" + name
                var status = stat()
                if unsafe lstat(inner, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    remove(inner)
                } else {
                    unsafe _ = unlink(inner)
                }
            }
        }
        unsafe _ = rmdir(path)
    }
}

/// A program that is started.
private enum Spawn {
    /// - Parameter log: a file for what the program prints.
    static func run(_ words: [String], environment: [String], log: String) throws(CommandFailure) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM] { unsafe sigaddset(&signals, signal) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var pointers = unsafe (words.map { unsafe strdup($0) } + [nil], environment.map { unsafe strdup($0) } + [nil])
        defer {
            while let pointer = unsafe pointers.0.popLast() { unsafe free(pointer) }
            while let pointer = unsafe pointers.1.popLast() { unsafe free(pointer) }
        }
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, words[0], &actions, &attributes, &pointers.0, &pointers.1)
        guard code == 0 else {
            throw CommandFailure(.unavailable, "\(words[0]) cannot be started: \(SystemText.describing(code))")
        }
        return pid
    }
}
