// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A program that a test runs: what the tests need of Foundation's `Process`, made of posix_spawn(3) and waitpid(2).
///
/// Foundation learns of a child's end through a socket that other children inherit; with many tests at once its
/// `waitUntilExit` now and then never returned.
final class Child: @unchecked Sendable {
    // Sendable: what is not behind the mutex is set before `run`, by one task.

    enum Reason { case exit, uncaughtSignal }

    var executableURL: URL?
    var arguments: [String] = []
    var environment: [String: String] = ProcessInfo.processInfo.environment
    /// A `FileHandle` or a `Pipe`, whose other end stays ours; nil for /dev/null.
    var standardInput: AnyObject?
    var standardOutput: AnyObject?
    var standardError: AnyObject?
    /// Descriptors that the child gets as 3, 4 and so on.
    var inherited: [Int32] = []
    /// Something that lives as long as the child.
    var companion: AnyObject?

    private struct State {
        var pid: pid_t = 0
        /// As waitpid(2) gives it; nil as long as it runs.
        var status: Int32?
    }

    private let state = Mutex(State())

    static func run(_ program: URL, arguments: [String]) throws -> Child {
        let child = Child()
        child.executableURL = program
        child.arguments = arguments
        try child.run()
        return child
    }

    func run() throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let ends = [(standardInput, true), (standardOutput, false), (standardError, false)]
        for (number, (given, isInput)) in zip(Int32(0)..., ends) {
            if let handle = Self.handle(given, isInput) {
                unsafe posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, number)
            } else {
                unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            }
        }
        // Descriptors that other tests have open at this moment are none of its business.
        let last: Int32 = 1024
        let copies = inherited.map { fcntl($0, F_DUPFD_CLOEXEC, last) }
        defer { for copy in copies { close(copy) } }
        for number in Int32(3)..<last { unsafe posix_spawn_file_actions_addclose(&actions, number) }
        for (number, copy) in zip(Int32(3)..., copies) {
            unsafe posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let path = executableURL?.path ?? ""
        let words = CStrings([path] + arguments)
        let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, path, &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        state.withLock { $0.pid = pid }
        // The child's ends of pipes: with ours of them open, nobody would ever see an end.
        for (given, isInput) in ends where given is Pipe { try Self.handle(given, isInput)?.close() }
    }

    deinit {
        guard processIdentifier > 0, isRunning else { return }
        send(SIGKILL)
        waitUntilExit()
    }

    var processIdentifier: pid_t { state.withLock { $0.pid } }

    var isRunning: Bool {
        state.withLock { state in
            guard state.pid > 0, state.status == nil else { return false }
            var status: Int32 = 0
            guard unsafe waitpid(state.pid, &status, WNOHANG) == state.pid else { return true }
            state.status = status
            return false
        }
    }

    /// Sends a signal, unless it has ended: its number may be another's by then.
    func send(_ signal: Int32) {
        state.withLock { state in if state.pid > 0, state.status == nil { kill(state.pid, signal) } }
    }

    func terminate() { send(SIGTERM) }
    func interrupt() { send(SIGINT) }
    func waitUntilExit() { while isRunning { _ = poll(nil, 0, 5) } }

    /// Memory that is the process's own: neither of files nor shared, in bytes.
    var privateMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
            return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0) * 1024
        }
    }

    var terminationReason: Reason { (status & 0x7f) == 0 ? .exit : .uncaughtSignal }

    /// The exit status, or the number of the signal.
    var terminationStatus: Int32 { (status & 0x7f) == 0 ? (status >> 8) & 0xff : status & 0x7f }

    private var status: Int32 { state.withLock { $0.status } ?? 0 }

    private static func handle(_ given: AnyObject?, _ isInput: Bool) -> FileHandle? {
        if let pipe = given as? Pipe { return isInput ? pipe.fileHandleForReading : pipe.fileHandleForWriting }
        return given as? FileHandle
    }

    /// An array as C has it, freed with this object.
    @safe private final class CStrings {
        private(set) var pointers: [UnsafeMutablePointer<CChar>?]

        init(_ strings: [String]) {
            unsafe pointers = strings.map { unsafe strdup($0) }
            unsafe pointers.append(nil)
        }

        deinit { while let pointer = unsafe pointers.popLast() { unsafe free(pointer) } }
    }
}
