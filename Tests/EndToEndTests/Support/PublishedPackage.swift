// SPDX-License-Identifier: Apache-2.0
import Foundation

/// This package as others get it: a git repository with a version tag, made from the working tree, and packages that
/// depend on it by URL and version.
final class PublishedPackage: Sendable {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Everything is below it, and goes with this object.
    let directory: URL
    var url: String { directory.appending(path: "articled").absoluteString }
    static let version = "0.1.0"

    init() throws {
        var template = Array("/tmp/articled-package-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw Failed(description: "no temporary directory")
        }
        directory = URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        // As committed and as changed since, without what is ignored.
        try Self.run(
            """
            mkdir "$2/articled"
            cd "$1"
            git ls-files -z --cached --others --exclude-standard |
                tar --null --files-from=- --ignore-failed-read -cf - | tar -C "$2/articled" -xf -
            cd "$2/articled"
            git init -q -b main
            git add -A
            git -c user.name=test -c user.email=test@localhost commit -q -m 'as published'
            git tag "$3"
            """, arguments: [Self.root.path, directory.path, Self.version])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Writes a package's files below a directory of its own; paths are relative to it.
    func write(_ name: String, files: [String: String]) throws -> URL {
        let package = directory.appending(path: name)
        for (path, text) in files {
            let file = package.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
        return package
    }

    /// Builds a package that depends on this one, away from its sources. Its environment has `ARTICLED_URL`. Answers
    /// with the directory of what was built.
    ///
    /// - Parameter testing: runs the package's own tests as well.
    func build(_ package: URL, testing: Bool = false) throws -> URL {
        let scratch = directory.appending(path: "build-" + package.lastPathComponent)
        try Self.run(
            """
            export ARTICLED_URL="$1" TMPDIR="$4"  # where the package manager leaves its locks
            swift "$5" --package-path "$2" --scratch-path "$3"
            """, arguments: [url, package.path, scratch.path, directory.path, testing ? "test" : "build"])
        return scratch.appending(path: "debug")
    }

    /// The top of this package's working tree.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Runs shell commands; answers with what they print. What they say is in the error if they fail.
    @discardableResult
    static func run(_ commands: String, arguments: [String] = []) throws -> String {
        let process = Child()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-euo", "pipefail", "-c", commands, "bash"] + arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = nil
        try process.run()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: said) }
        return said
    }
}
