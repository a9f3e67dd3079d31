// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

/// What articlectl does with the ends it is given: terminals, closed pipes.
@Suite struct TerminalTests {
    /// Runs it with a terminal of so many columns as standard output and error.
    static func onTerminal(_ tool: CommandLineTool, columns: UInt16, _ words: String...) throws -> String {
        // pts(4); Glibc's module lacks the functions for it.
        let master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(master) }
        var number: UInt32 = 0
        var locked: Int32 = 0
        let (tiocgptn, tiocsptlck): (UInt, UInt) = (0x8004_5430, 0x4004_5431)
        try #require(master >= 0)
        try #require(unsafe ioctl(master, tiocsptlck, &locked) == 0)
        try #require(unsafe ioctl(master, tiocgptn, &number) == 0)
        let terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(unsafe ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
        let process = tool.process(words)
        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: false)
        process.standardInput = nil
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        close(terminal)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(master, &piece, piece.count)
            guard count > 0 else { break }  // EIO: the other side is closed
            bytes += piece[..<count]
        }
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    }

    @Test func paragraphsAreSetToTheWidth() throws {
        let tool = CommandLineTool(try Service())
        let id = try #require(try tool.run("store", "-q", StoreAndFetchTests.sample.path).lines.first)
        let page = try Self.onTerminal(tool, columns: 50, "fetch", id)
        let plain = page.replacing(/\u{1b}\[\d+m/, with: "")
        #expect(plain.split(separator: "\n").count > 40)
        for line in plain.split(separator: "\n") { #expect(line.count <= 50) }
        #expect(page.contains("\u{1b}[1m"), "the title stands out")
        let words = plain.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("thùng thư bưu chính…"))
        let list = try Self.onTerminal(tool, columns: 120, "list")
        #expect(list.contains("TITLE"))
        #expect(
            try Self.onTerminal(tool, columns: 120, "import", StoreAndFetchTests.sample.path).contains("1 unchanged"))
    }

    @Test func storedTextCannotCommandTheTerminal() throws {
        let tool = CommandLineTool(try Service())
        let file = try tool.file(
            "a.txt", "Tựa \u{1b}]0;x\u{7} đề\n\n(Mic.gov.vn) - Thân \u{1b}[2J\u{9b}2J\u{202e}bài\u{7f}.\n\nP\u{1b}[1mQH"
        )
        let id = try #require(try tool.run("store", "-q", file).lines.first)
        for page in [
            try Self.onTerminal(tool, columns: 80, "fetch", id), try Self.onTerminal(tool, columns: 80, "list"),
            try Self.onTerminal(tool, columns: 130, "list"),
            try Self.onTerminal(tool, columns: 80, "fetch", "--json", id),
            try Self.onTerminal(tool, columns: 80, "store", file),
        ] {
            let plain = page.replacing(/\u{1b}\[\d+m/, with: "")
            #expect(
                !plain.unicodeScalars.contains {
                    $0 != "\n" && ($0.value < 0x20 || (0x7f..<0xa0).contains($0.value) || $0 == "\u{202e}")
                })
        }
        #expect(try tool.run("fetch", "--raw", id).output == Array(try Data(contentsOf: URL(filePath: file))))
    }

    @Test func aReaderThatGoesAwayEndsItQuietly() throws {
        let tool = CommandLineTool(try Service())
        let lines = (0..<2000).map { "{\"title\":\"Tin \($0)\",\"body\":\"\(String(repeating: "x", count: 500))\"}\n" }
            .joined()
        _ = try tool.run("import", "-", input: Array(lines.utf8))
        let process = tool.process(["export"])
        let (output, complaints) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, complaints)
        try output.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        #expect(CommandLineTool.code(of: process) == 128 + SIGPIPE)
        #expect(complaints.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }
}
