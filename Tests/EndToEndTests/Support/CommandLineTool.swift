// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// The real articlectl, run against a service.
struct CommandLineTool {
    /// Runs as long as this is there.
    private let service: Service

    init(_ service: Service) { self.service = service }

    var directory: URL { service.directory }
    var socketPath: String { service.socketPath }

    /// How a run ended, and what it printed.
    struct Outcome {
        /// The exit code; 128 and the signal's number if one ended it.
        let code: Int32
        let output: [UInt8]
        let complaints: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var lines: [String] { text.split(separator: "\n").map(String.init) }

        /// The only line of JSON.
        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(output)) as? [String: Any] ?? [:]
        }
    }

    func run(_ words: String..., input: [UInt8] = []) throws -> Outcome { try run(words, input: input) }

    func run(_ words: [String], input: [UInt8] = []) throws -> Outcome {
        let place = directory.appending(path: "run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        try Data(input).write(to: place.appending(path: "in"))
        for name in ["out", "err"] { try Data().write(to: place.appending(path: name)) }
        let process = process(words)
        process.standardInput = try FileHandle(forReadingFrom: place.appending(path: "in"))
        process.standardOutput = try FileHandle(forWritingTo: place.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: place.appending(path: "err"))
        try process.run()
        process.waitUntilExit()
        return Outcome(
            code: Self.code(of: process), output: Array(try Data(contentsOf: place.appending(path: "out"))),
            complaints: String(decoding: try Data(contentsOf: place.appending(path: "err")), as: UTF8.self))
    }

    /// Not yet started, for tests that hold its ends themselves.
    func process(_ words: [String]) -> Child {
        let process = Child()
        process.executableURL = Service.products.appending(path: "articlectl")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging([
            "ARTICLED_ENDPOINT": "unix:\(service.socketPath)", "SWIFT_BACKTRACE": "enable=no", "TERM": "xterm",
            "NO_COLOR": "",
        ]) { $1 }
        process.companion = service
        return process
    }

    static func code(of process: Child) -> Int32 {
        process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// A file in the service's directory.
    func file(_ name: String, _ text: String) throws -> String {
        let url = directory.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url.path
    }
}
