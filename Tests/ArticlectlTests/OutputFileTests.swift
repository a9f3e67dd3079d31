// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import articlectl

/// What a command writes to a path, and what becomes of what is there.
@Suite final class OutputFileTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/articlectl-output-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func path(_ name: String) -> String { directory + "/" + name }
    private func content(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    }

    private func write(_ text: String, to file: OutputFile) throws {
        try file.write(text.utf8)
        try file.finish()
    }

    private func status(_ name: String) throws -> stat {
        var status = stat()
        try #require(unsafe lstat(path(name), &status) == 0)
        return status
    }

    private func kind(_ name: String) throws -> UInt32 { try status(name).st_mode & S_IFMT }
    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory).sorted() }
    }

    @Test(arguments: [true, false]) func aRegularFileIsReplacedWhenAllIsWritten(unnamed: Bool) throws {
        try write("model", "old")
        unsafe chmod(path("model"), 0o640)
        let before = try status("model")
        do {
            let file = try OutputFile(path("model"), unnamed: unnamed)
            try file.write("ne".utf8)
            try file.flush()
            #expect(try content("model") == "old")
            #expect(try names.count == (unnamed ? 1 : 2))
            try write("w", to: file)
            #expect(file.bytesWritten == 3)
        }
        #expect(try content("model") == "new")
        #expect(try status("model").st_mode == before.st_mode)
        #expect(try status("model").st_ino != before.st_ino)
        #expect(try names == ["model"])
    }

    @Test(arguments: [true, false]) func aCommandThatFailsChangesNothing(unnamed: Bool) throws {
        try write("model", "old")
        do {
            let file = try OutputFile(path("model"), unnamed: unnamed)
            try file.write("half".utf8)
            try file.flush()
        }
        #expect(try content("model") == "old")
        #expect(try names == ["model"])
    }

    @Test(arguments: [true, false]) func aNewFileHasTheModeOfAnyNewFile(unnamed: Bool) throws {
        try write("other", "")
        try write("new", to: OutputFile(path("model"), unnamed: unnamed))
        #expect(try content("model") == "new")
        #expect(try status("model").st_mode == status("other").st_mode)
    }

    @Test func ofASymbolicLinkTheTargetIsReplaced() throws {
        try FileManager.default.createDirectory(atPath: path("elsewhere"), withIntermediateDirectories: true)
        try write("elsewhere/real", "old")
        unsafe chmod(path("elsewhere/real"), 0o600)
        unsafe symlink("elsewhere/real", path("link"))
        unsafe symlink("link", path("second"))
        try write("new", to: OutputFile(path("second")))
        #expect(try content("elsewhere/real") == "new")
        #expect(try status("elsewhere/real").st_mode & 0o7777 == 0o600)
        #expect(try kind("link") == S_IFLNK)
        #expect(try kind("second") == S_IFLNK)
        #expect(try names == ["elsewhere", "link", "second"])
    }

    @Test func aLinkToNothingStaysAndItsTargetIsMade() throws {
        unsafe symlink(path("absent"), path("link"))
        try write("new", to: OutputFile(path("link")))
        #expect(try content("absent") == "new")
        #expect(try kind("link") == S_IFLNK)
    }

    @Test func linksThatGoInACircleAreAnError() throws {
        unsafe symlink("b", path("a"))
        unsafe symlink("a", path("b"))
        #expect(throws: CommandFailure.self) { try self.write("x", to: OutputFile(self.path("a"))) }
        #expect(try kind("a") == S_IFLNK)
        #expect(try kind("b") == S_IFLNK)
    }

    @Test func aPipeIsWrittenThrough() throws {
        unsafe mkfifo(path("pipe"), 0o600)
        unsafe symlink("pipe", path("link"))
        for name in ["pipe", "link"] {
            let reader = unsafe open(path("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            try write("new", to: OutputFile(path(name)))
            var bytes = [UInt8](repeating: 0, count: 16)
            #expect(unsafe read(reader, &bytes, bytes.count) == 3)
            #expect(String(decoding: bytes[..<3], as: UTF8.self) == "new")
            #expect(try kind("pipe") == S_IFIFO)
        }
        #expect(try kind("link") == S_IFLNK)
        #expect(try names == ["link", "pipe"])
    }

    @Test func aDirectoryIsAnError() throws {
        let error = #expect(throws: CommandFailure.self) { try OutputFile(self.directory) }
        #expect(error?.code == .io)
        #expect(error?.message == "cannot write \(directory): Is a directory")
        #expect(throws: CommandFailure.self) { try OutputFile(self.path("absent/model")) }
        #expect(try names == [])
    }

    /// Root may write to it.
    @Test(.enabled(if: geteuid() != 0)) func aFileThatMustNotBeWrittenStays() throws {
        try write("model", "old")
        unsafe chmod(path("model"), 0o444)
        #expect(throws: CommandFailure.self) { try OutputFile(self.path("model")) }
        #expect(try content("model") == "old")
    }

    /// Only root can give files away.
    @Test(.enabled(if: geteuid() == 0)) func theOwnerIsKept() throws {
        try write("model", "old")
        unsafe chown(path("model"), 12345, 23456)
        unsafe chmod(path("model"), 0o4750)
        try write("new", to: OutputFile(path("model")))
        let status = try status("model")
        #expect(status.st_uid == 12345)
        #expect(status.st_gid == 23456)
        #expect(status.st_mode & 0o7777 == 0o4750)
    }

    /// While the command ran, a pipe was put there.
    @Test func whatIsNoRegularFileAtTheEndIsNotReplaced() throws {
        let file = try OutputFile(path("model"))
        try file.write("new".utf8)
        unsafe mkfifo(path("model"), 0o600)
        #expect(throws: CommandFailure.self) { try file.finish() }
        #expect(try kind("model") == S_IFIFO)
    }

    @Test func aDashIsStandardOutput() throws {
        let file = try OutputFile("-")
        #expect(file.isStandardOutput)
        #expect(file.name == "standard output")
    }
}
