// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation
import Glibc
import Synchronization

/// A service manager as far as a restart needs one: it listens, hears sd_notify(3), keeps descriptors in a store, and
/// starts the service anew with what it has.
final class ServiceManager: @unchecked Sendable {
    // Sendable: what is not behind the mutex is used by the one test that restarts.

    struct Failed: Error { let what: String }

    let directory: URL
    let socketPath: String
    /// Of the TCP socket, on 127.0.0.1.
    let port: UInt16
    private let listeners: [Int32]
    private let notifications: Int32
    private let products = Service.products
    private var process = Child()

    private struct State {
        var store: [(name: String, descriptor: Int32)] = []
        var isReady = false
        var isOver = false
    }

    private let state = Mutex(State())

    /// Makes the sockets, and starts the service.
    init(fixtures: [String] = [], configuration: String = "{}") throws {
        var template = Array("/tmp/articled-test-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw Failed(what: "mkdtemp")
        }
        directory = URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        for name in ["plugins", "state"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: true)
        }
        for name in ["Store", "Fetch", "LMDBStorage"] {
            try FileManager.default.createSymbolicLink(
                at: directory.appending(path: "plugins/lib\(name).so"),
                withDestinationURL: products.appending(path: "lib\(name).so"))
        }
        for name in fixtures { try FixturePlugin.build(name, to: directory.appending(path: "plugins/\(name).so")) }
        try configuration.write(to: directory.appending(path: "articled.json5"), atomically: false, encoding: .utf8)
        socketPath = directory.appending(path: "socket").path
        let unix = try Self.bound(SOCK_STREAM, path: socketPath)
        let tcp = clinux_socket(AF_INET, 1)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        port = try unsafe withUnsafeMutableBytes(of: &address) { bytes in
            let name = unsafe bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            var size = socklen_t(bytes.count)
            guard unsafe bind(tcp, name, size) == 0, unsafe getsockname(tcp, name, &size) == 0 else {
                throw Failed(what: "bind")
            }
            return unsafe UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
        }
        listeners = [unix, tcp]
        for listener in listeners where listen(listener, 100) != 0 { throw Failed(what: "listen") }
        notifications = try Self.bound(SOCK_DGRAM, path: directory.appending(path: "notify").path)
        Thread.detachNewThread { [self] in hear() }
        try start()
    }

    deinit {
        for descriptor in listeners { close(descriptor) }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the service and everything: to be called at the end of a test, as a thread of this object's keeps it.
    func end() {
        process.send(SIGKILL)
        process.waitUntilExit()
        state.withLock { state in
            for entry in state.store { close(entry.descriptor) }
            state.store = []
            state.isOver = true
        }
    }

    // MARK: What the service manager does

    /// Stops the service, and starts it anew with what it has stored: `systemctl restart`.
    func restart() throws {
        try stop()
        try start()
    }

    func stop() throws {
        state.withLock { $0.isReady = false }
        process.terminate()
        for _ in 0..<1000 where process.isRunning { _ = poll(nil, 0, 20) }
        guard !process.isRunning, process.terminationStatus == 0 else {
            throw Failed(what: "it did not end in order: \(text)")
        }
    }

    func start() throws {
        let stored = state.withLock { $0.store }
        process = Child()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            // Only the process itself knows the number that has to be in there.
            "-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\"", products.appending(path: "articled").path,
            "--plugins", directory.appending(path: "plugins").path,
            "--state-directory", directory.appending(path: "state").path,
        ]
        process.environment = [
            "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no", "CONFIGURATION_DIRECTORY": directory.path,
            "NOTIFY_SOCKET": directory.appending(path: "notify").path, "FDSTORE": "8",
            "LISTEN_FDS": "\(listeners.count + stored.count)",
            "LISTEN_FDNAMES": (["articled", "articled-tcp"] + stored.map(\.name)).joined(separator: ":"),
        ]
        process.inherited = listeners + stored.map(\.descriptor)
        let output = directory.appending(path: "output")
        if !FileManager.default.fileExists(atPath: output.path) {
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: output)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        for _ in 0..<1000 {
            if state.withLock({ $0.isReady }) { return }
            guard process.isRunning else { break }
            _ = poll(nil, 0, 20)
        }
        throw Failed(what: "it did not start: \(text)")
    }

    /// What the service has said so far.
    var text: String { (try? String(contentsOf: directory.appending(path: "output"), encoding: .utf8)) ?? "" }

    /// Waits until the condition holds: 20 seconds at most.
    func wait(_ condition: () -> Bool) throws {
        for _ in 0..<1000 {
            if condition() { return }
            _ = poll(nil, 0, 20)
        }
        throw Failed(what: text)
    }

    /// Memory that is the process's own, without the pages of the database's map, in bytes.
    var privateMemory: Int { get throws { try process.privateMemory } }

    /// How many descriptors are stored.
    var stored: Int { state.withLock { $0.store.count } }

    /// Puts another descriptor into the place of what is stored.
    func replaceStored(by descriptor: Int32) {
        state.withLock { state in
            for index in state.store.indices {
                close(state.store[index].descriptor)
                state.store[index].descriptor = descriptor
            }
        }
    }

    // MARK: sd_notify

    private func hear() {
        while !state.withLock({ $0.isOver }) {
            var entry = pollfd(fd: notifications, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 100) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 4096)
            var descriptors = [Int32](repeating: -1, count: Int(CLINUX_MOST_DESCRIPTORS))
            var count: Int32 = 0
            let size = unsafe clinux_receive_descriptors(
                notifications, &bytes, bytes.count, &descriptors, &count)
            guard size > 0 else { continue }
            let lines = String(decoding: bytes.prefix(size), as: UTF8.self).split(separator: "\n").map(String.init)
            hear(lines, Array(descriptors.prefix(Int(count))))
        }
        close(notifications)
    }

    private func hear(_ lines: [String], _ descriptors: [Int32]) {
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? "stored"
        state.withLock { state in
            if lines.contains("READY=1") { state.isReady = true }
            if lines.contains("FDSTOREREMOVE=1") {
                for entry in state.store where entry.name == name { close(entry.descriptor) }
                state.store.removeAll { $0.name == name }
            }
            if lines.contains("FDSTORE=1") {
                state.store += descriptors.map { (name, $0) }
            } else {
                // That of a barrier: closing it is the answer.
                for descriptor in descriptors { close(descriptor) }
            }
        }
    }

    private static func bound(_ type: __socket_type, path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let result = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bind(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard descriptor >= 0, result == 0 else { throw Failed(what: "bind \(path)") }
        return descriptor
    }
}
