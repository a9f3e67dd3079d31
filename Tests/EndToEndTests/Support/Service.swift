// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc

/// The real articled with its real plugins, in a directory of its own, until this object goes.
final class Service: @unchecked Sendable {
    // Sendable: nothing changes after `init` but by `restart`, which one task calls while no other asks for anything.

    struct DidNotStart: Error {
        let output: String
    }

    let directory: URL
    let socketPath: String
    private var process = Child()
    /// The port of its TCP socket, 0 until it is known; nil without one.
    private var port: UInt16?
    /// The port of its TCP socket.
    var tcpPort: UInt16 { port ?? 0 }

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - plugins: the libraries that it shall load, of those that were built with this test.
    ///   - fixtures: plugins of `Tests/Fixtures/Plugins` that it shall load too.
    ///   - libraries: plugins from elsewhere that it shall load too.
    ///   - configuration: JSON5; the defaults without it.
    ///   - tcp: whether it shall listen on a port of the loopback too.
    ///   - state: a state directory that is there, and is moved to its place; without it an empty one.
    init(
        plugins: [String] = ["Store", "Fetch", "Changes", "LMDBStorage"], fixtures: [String] = [],
        libraries: [URL] = [], configuration: String = "{}", tcp: Bool = false, state: URL? = nil
    ) throws {
        port = tcp ? 0 : nil
        var template = Array("/tmp/articled-test-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        directory = URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        socketPath = directory.appending(path: "socket").path
        let products = Self.products
        for name in ["plugins", "state"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: true)
        }
        if let state {
            try FileManager.default.removeItem(at: directory.appending(path: "state"))
            try FileManager.default.moveItem(at: state, to: directory.appending(path: "state"))
        }
        for library in plugins.map({ products.appending(path: "lib\($0).so") }) + libraries {
            try FileManager.default.createSymbolicLink(
                at: directory.appending(path: "plugins/\(library.lastPathComponent)"), withDestinationURL: library)
        }
        for fixture in fixtures {
            try FixturePlugin.build(fixture, to: directory.appending(path: "plugins/\(fixture).so"))
        }
        try configuration.write(to: directory.appending(path: "articled.json5"), atomically: true, encoding: .utf8)
        let output = directory.appending(path: "output")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        try start()
    }

    /// Ends it by a signal, waits for its end, and starts it again on the same state.
    ///
    /// - Parameter change: is called in between.
    func restart(after signal: Int32, _ change: () throws -> Void = {}) throws {
        process.send(signal)
        process.waitUntilExit()
        try change()
        try start()
    }

    /// Runs `articled --recover` on its state, while it does not run.
    ///
    /// - Returns: the exit status, and what was told.
    func recover() throws -> (code: Int32, text: String) {
        let output = directory.appending(path: "recovered")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let recovery = Child()
        recovery.executableURL = Self.products.appending(path: "articled")
        recovery.arguments = [
            "--recover", "--plugins", directory.appending(path: "plugins").path, "--state-directory",
            directory.appending(path: "state").path, "--configuration",
            directory.appending(path: "articled.json5").path,
        ]
        recovery.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let handle = try FileHandle(forWritingTo: output)
        (recovery.standardOutput, recovery.standardError, recovery.standardInput) = (handle, handle, nil)
        try recovery.run()
        recovery.waitUntilExit()
        return (recovery.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }

    private func start() throws {
        let output = directory.appending(path: "output")
        let handle = try FileHandle(forWritingTo: output)
        try handle.seekToEnd()
        process = Child()
        process.executableURL = Self.products.appending(path: "articled")
        process.arguments = [
            "--listen", "unix:\(socketPath)", "--plugins", directory.appending(path: "plugins").path,
            "--state-directory", directory.appending(path: "state").path,
            "--configuration", directory.appending(path: "articled.json5").path,
        ]
        if let port { process.arguments += ["--listen", "tcp:127.0.0.1:\(port)"] }
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = nil
        try process.run()
        try awaitListening(output)
        while port == 0, process.isRunning {
            let place = told.firstMatch(of: #/serves on .*tcp:127\.0\.0\.1:([0-9]+)/#)
            port = place.flatMap { UInt16($0.output.1) } ?? 0
            _ = poll(nil, 0, 5)
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Tells it to read a new configuration.
    func reload(_ configuration: String) throws {
        try configuration.write(to: directory.appending(path: "articled.json5"), atomically: true, encoding: .utf8)
        process.send(SIGHUP)
    }

    /// What it has told so far.
    var told: String { (try? String(contentsOf: directory.appending(path: "output"), encoding: .utf8)) ?? "" }

    /// Where the build has put programs and plugin libraries: beside this test.
    static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    var isRunning: Bool { process.isRunning }
    var processIdentifier: pid_t { process.processIdentifier }

    /// Memory that is the process's own, without the pages of the database's map, in bytes.
    var privateMemory: Int { get throws { try process.privateMemory } }

    /// Nothing tells when a socket begins to listen but that it can be connected to.
    private func awaitListening(_ output: URL) throws {
        for _ in 0..<1000 {
            guard process.isRunning else { break }
            if (try? RawConnection(socketPath)) != nil { return }
            _ = poll(nil, 0, 20)
        }
        throw DidNotStart(output: (try? String(contentsOf: output, encoding: .utf8)) ?? "")
    }
}
