// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

/// A real terminal: panes of tmux, of any size, whose screens can be read. Ends with this object.
final class Tmux {
    private let directory: URL
    private let environment: [String: String]
    private var panes = 0

    /// - Parameter environment: of what runs in the panes.
    init(environment: [String: String]) throws {
        var template = Array("/tmp/articled-test-XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw CocoaError(.fileWriteUnknown)
        }
        directory = URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        self.environment = environment
        let settings = """
            set -g status off
            set -g remain-on-exit on
            set -g remain-on-exit-format ""
            set -g history-limit 10000
            """
        try settings.write(to: directory.appending(path: "tmux.conf"), atomically: false, encoding: .utf8)
    }

    deinit {
        _ = try? tell("kill-server")
        try? FileManager.default.removeItem(at: directory)
    }

    /// Runs a program in a new pane until it ends.
    func run(_ words: [String], columns: Int, rows: Int = 50, _ variables: [String: String] = [:]) throws -> Screen {
        let pane = try start(words, columns: columns, rows: rows, variables)
        try pane.waitForEnd()
        return try pane.screen()
    }

    /// Starts a program in a new pane.
    func start(
        _ words: [String], columns: Int, rows: Int = 50, _ variables: [String: String] = [:]
    ) throws -> Pane {
        panes += 1
        let name = "pane-\(panes)"
        let settings = environment.merging(variables) { $1 }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        let size = ["-x", "\(columns)", "-y", "\(rows)"]
        _ = try tell(["new-session", "-d", "-s", name] + size + settings + ["--"] + words)
        return Pane(tmux: self, name: name)
    }

    struct Failed: Error { let text: String }

    /// Runs a command of tmux.
    fileprivate func tell(_ words: String...) throws -> String { try tell(words) }

    fileprivate func tell(_ words: [String]) throws -> String {
        let process = Child()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/tmux")
        process.arguments =
            [
                "-u", "-S", directory.appending(path: "tmux").path, "-f", directory.appending(path: "tmux.conf").path,
            ] + words
        process.environment = ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TERM": "xterm"]
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(text: "tmux \(words.joined(separator: " ")): \(complaints)")
        }
        return text
    }
}

/// A terminal in which a program runs.
struct Pane {
    fileprivate let tmux: Tmux
    fileprivate let name: String

    /// Types keys, as tmux names them: "q", "C-c".
    func type(_ keys: String...) throws { _ = try tmux.tell(["send-keys", "-t", name] + keys) }

    func resize(columns: Int, rows: Int) throws {
        _ = try tmux.tell("resize-window", "-t", name, "-x", "\(columns)", "-y", "\(rows)")
    }

    /// What tmux says of the pane: "cursor_flag".
    func format(_ variable: String) throws -> String {
        try tmux.tell("display-message", "-p", "-t", name, "#{\(variable)}").trimmingCharacters(in: .newlines)
    }

    /// Waits until its program has ended, and the screen has all that it printed.
    func waitForEnd() throws {
        try wait { try format("pane_dead") == "1" }
        // tmux 3.3 misses a program's SIGCHLD now and then: the program is a zombie, and the status never comes. The end of
        // another program makes tmux look for all.
        try wait {
            if try !format("pane_dead_status").isEmpty { return true }
            _ = try tmux.tell("run-shell", "true")
            return false
        }
    }

    /// Waits until the screen is as it should be: 60 seconds at most.
    func wait(_ condition: () throws -> Bool) throws {
        for _ in 0..<3000 {
            if try condition() { return }
            _ = poll(nil, 0, 20)
        }
        throw Tmux.Failed(text: "it did not come: " + (try screen().lines.joined(separator: "\n")))
    }

    func screen() throws -> Screen {
        func capture(_ options: String...) throws -> String {
            try tmux.tell(["capture-pane", "-p", "-t", name, "-S", "-"] + options)
        }
        return Screen(text: try capture(), joined: try capture("-J"), coloured: try capture("-e"))
    }
}

/// What is on a terminal.
struct Screen {
    /// Without trailing spaces and empty lines at the end.
    let lines: [String]
    /// Lines that the terminal has broken are one here.
    private let joined: [String]
    /// With escape sequences for colours.
    let coloured: String

    fileprivate init(text: String, joined: String, coloured: String) {
        lines = Self.lines(text)
        self.joined = Self.lines(joined)
        self.coloured = coloured
    }

    private static func lines(_ text: String) -> [String] {
        var lines = text.components(separatedBy: "\n").map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// A line was too long for the terminal.
    var isWrapped: Bool { lines != joined }

    var hasColours: Bool { coloured.contains("\u{1b}[") }

    /// The screen's columns: a wide character takes two, the second of which is empty.
    static func columns(_ line: String) -> [String] {
        line.flatMap { character -> [String] in
            let wide = character.unicodeScalars.contains {
                (0x2e80...0xd7a3).contains($0.value) || (0xf900...0xffe6).contains($0.value) || $0.value >= 0x1f300
            }
            return wide ? [String(character), ""] : [String(character)]
        }
    }

    /// The rows under a head, up to an empty line.
    func rows(under head: String) -> [String] {
        Array(lines.drop { !$0.hasPrefix(head) }.dropFirst().prefix { !$0.isEmpty })
    }

    /// Which rows are not in the columns of their head: under each title that stands on the left of its column, text begins
    /// where the title begins, behind two spaces.
    func misaligned(under head: String, left titles: [String], rows: [String]) -> [String] {
        guard let line = lines.first(where: { $0.hasPrefix(head) }) else { return ["there is no head \(head)"] }
        let cells = Self.columns(line)
        var starts: [Int] = []
        for title in titles {
            let length = title.count
            guard
                let start = (0..<cells.count).first(where: { place in
                    place + length <= cells.count && cells[place..<place + length].joined() == title
                        && (place == 0 || cells[place - 1] == " ")
                })
            else { return ["there is no column \(title)"] }
            starts.append(start)
        }
        return rows.filter { row in
            let cells = Self.columns(row)
            return starts.contains { start in
                guard start > 0, cells.count > start else { return false }
                return cells[start - 1] != " " || cells[start - 2] != " "
            }
        }
    }
}
