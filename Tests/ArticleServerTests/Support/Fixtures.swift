// SPDX-License-Identifier: Apache-2.0
import ArticleServer
import Glibc

/// The misbehaving plugins of Tests/Fixtures, compiled into a plugin directory.
struct FixturePlugins {
    let directory: TemporaryDirectory

    init(_ names: String...) throws {
        directory = try TemporaryDirectory()
        let build = "\(#filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" })/Fixtures/Plugins/build"
        for name in names { try Command.run("/bin/sh", [build, name, "\(directory.path)/\(name).so"]) }
    }

    func path(of name: String) -> String { "\(directory.path)/\(name).so" }

    /// Settings with this directory. A second is enough for what the fixtures do at start.
    var settings: PluginSettings { PluginSettings(directory: directory.path, startTimeoutMilliseconds: 10_000) }
}

/// A temporary directory, removed with this object.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/articled-test-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, let path = unsafe mkdtemp(start) else { return nil }
            return unsafe String(cString: path)
        }
        guard let made else { throw Failure(code: errno) }
        path = made
    }

    /// Writes a file there.
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure(code: errno) }
        return file
    }

    deinit { _ = try? Command.run("/bin/rm", ["-rf", path]) }

    struct Failure: Error { let code: Int32 }
}

/// Runs a program that a test needs, to its end.
enum Command {
    struct Failure: Error { let status: Int32 }

    static func run(_ program: String, _ arguments: [String]) throws {
        var values = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe values.append(nil)
        defer { while let value = unsafe values.popLast() { unsafe free(value) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(&process, program, nil, nil, values, environ)
        guard code == 0 else { throw Failure(status: code) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Failure(status: status) }
    }
}
