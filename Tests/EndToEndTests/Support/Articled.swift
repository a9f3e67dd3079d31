// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// The program articled as a person or a service manager runs it: with any arguments, and whatever comes of it.
final class Articled: @unchecked Sendable {
    // Sendable: the process object is used by one test at a time.

    let directory: URL
    private let process = Child()
    private let output: URL

    struct Failed: Error { let output: String }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - through: a program that starts it, with that program's arguments.
    ///   - fixtures: plugins of `Tests/Fixtures/Plugins` that it shall load too.
    ///   - arguments: `DIR/` in them is the directory of this run.
    init(
        through launcher: [String] = [], _ arguments: [String], files: [String: String] = [:],
        fixtures: [String] = [], environment: [String: String] = [:]
    ) throws {
        var template = Array("/tmp/articled-test-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        directory = URL(filePath: path)
        output = directory.appending(path: "output")
        try FileManager.default.createDirectory(
            at: directory.appending(path: "plugins"), withIntermediateDirectories: true)
        for name in ["Store", "Fetch", "LMDBStorage"] {
            try FileManager.default.createSymbolicLink(
                at: directory.appending(path: "plugins/lib\(name).so"),
                withDestinationURL: Service.products.appending(path: "lib\(name).so"))
        }
        for name in fixtures {
            try FixturePlugin.build(name, to: directory.appending(path: "plugins/\(name).so"))
        }
        for (name, text) in files {
            try text.write(to: directory.appending(path: name), atomically: false, encoding: .utf8)
        }
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        let program = Service.products.appending(path: "articled").path
        let line = (launcher + [program] + arguments).map { $0.replacing("DIR/", with: "\(path)/") }
        process.executableURL = URL(filePath: line[0])
        process.arguments = Array(line.dropFirst())
        // No configuration of the machine's.
        process.environment = [
            "CONFIGURATION_DIRECTORY": path, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
        ]
        .merging(environment.mapValues { $0.replacing("DIR/", with: "\(path)/") }) { $1 }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = nil
        try process.run()
    }

    deinit {
        process.send(SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    var processIdentifier: Int32 { process.processIdentifier }
    var socketPath: String { directory.appending(path: "socket").path }
    var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    func send(_ number: Int32) { process.send(number) }

    /// Waits until the condition holds: 20 seconds, or until the process has ended.
    func wait(_ condition: () -> Bool) throws {
        for _ in 0..<1000 {
            if condition() { return }
            guard process.isRunning else { break }
            _ = poll(nil, 0, 20)
        }
        guard condition() else { throw Failed(output: text) }
    }

    /// The processor time that it has used, in clock ticks: of which there are 100 a second.
    var ticks: Int {
        get throws {
            let line = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
            let fields = line.split(separator: " ")
            return (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)
        }
    }

    /// Waits for a connection to be taken.
    func connect() throws -> RawConnection {
        var connection: RawConnection?
        try wait {
            connection = try? RawConnection(socketPath)
            return connection != nil
        }
        guard let connection else { throw Failed(output: text) }
        return connection
    }

    /// The exit status; a signal's number is below zero.
    func ended() throws -> Int32 {
        try wait { !process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
