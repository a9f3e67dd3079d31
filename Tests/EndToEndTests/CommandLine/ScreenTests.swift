// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// How articlectl looks in a real terminal, narrow and wide, with real articles from a real service.
@Suite struct ScreenTests {
    /// A service with articles, and terminals beside it.
    private struct Newsroom {
        let tool: CommandLineTool
        let tmux: Tmux
        let ids: Set<String>

        /// The sample of the ministry in NFC and in NFD, long titles, other scripts; some of it new, most of it from 2009.
        init() throws {
            let service = try Service(plugins: ["Store", "Fetch", "Classify", "LMDBStorage"])
            tool = CommandLineTool(service)
            let sample = try String(contentsOf: StoreAndFetchTests.sample, encoding: .utf8)
            let paragraphs = sample.split(separator: "\n").map(String.init)
            let recent = Int(Date.now.timeIntervalSince1970 * 1000) - 12_600_000  // 3.5 hours
            let titles = [
                paragraphs[0], paragraphs[0].decomposedStringWithCanonicalMapping, paragraphs[1],
                paragraphs[2].decomposedStringWithCanonicalMapping, "越南通讯社 - 河内の記事 – Tin thế giới", "Ngắn", "",
                "⚡ Bão số 9 đổ bộ Cần Thơ, 🌊 nước lên nhanh; các xã ven sông đã sơ tán xong trước khi trời tối",
            ]
            let records = titles.enumerated().map { number, title in
                [
                    "title": title, "body": paragraphs[3],
                    "source": number % 3 == 0 ? "Mic.gov.vn" : "Báo Cần Thơ điện tử",
                    "published_at": number == 0 ? "\(recent)" : "2009-0\(number)-15T10:20:00+07:00",
                    "topics": [["slug": number % 2 == 0 ? "kinh-doanh" : "the-thao", "score": 1]],
                ] as [String: Any]
            }
            let lines = try records.map { record in
                var record = record
                if let text = record["published_at"] as? String, let number = Int(text) {
                    record["published_at"] = number
                }
                return String(decoding: try JSONSerialization.data(withJSONObject: record), as: UTF8.self)
            }
            let file = try tool.file("articles.jsonl", lines.joined(separator: "\n"))
            #expect(try tool.run("import", file).code == 0)
            ids = Set(try tool.run("list").lines.map { String($0.prefix(36)) })
            #expect(ids.count == titles.count)
            tmux = try Tmux(environment: [
                "ARTICLED_ENDPOINT": "unix:\(service.socketPath)", "SWIFT_BACKTRACE": "enable=no",
            ])
        }

        /// The screen after `articlectl WORD...`.
        func screen(_ words: String..., columns: Int, _ variables: [String: String] = [:]) throws -> Screen {
            try tmux.run([Service.products.appending(path: "articlectl").path] + words, columns: columns, variables)
        }
    }

    private static let widths = [80, 100, 200]

    @Test func listsAreAlignedAndFit() throws {
        let newsroom = try Newsroom()
        for width in Self.widths {
            let screen = try newsroom.screen("list", columns: width)
            #expect(!screen.isWrapped, "\(width): \(screen.lines)")
            let titles =
                switch width {
                case 80: ["ID", "WHEN", "TITLE"]
                case 100: ["ID", "WHEN", "TOPIC", "TITLE"]
                default: ["ID", "TIME", "WHEN", "SOURCE", "TOPIC", "TITLE"]
                }
            let rows = screen.rows(under: "ID")
            #expect(Set(rows.map { String($0.prefix(36)) }) == newsroom.ids, "each id whole")
            #expect(screen.misaligned(under: "ID", left: titles, rows: rows) == [])
            #expect(rows.allSatisfy { Screen.columns($0).count <= width })
            // The newest is first. The long titles are cut, at the end of the line.
            #expect(rows.first?.contains("  3 h ago") == true)
            let cut = rows.filter { $0.hasSuffix("…") && Screen.columns($0).count >= width - 2 }
            #expect(cut.count >= (width == 200 ? 2 : 5), "\(rows)")
            #expect(rows.contains { $0.hasSuffix("Ngắn") })
            #expect(
                rows.contains { $0.contains("2009-07-15 ") } == (width == 200), "absolute times where there is room")
        }
    }

    @Test func statusAndPluginsFit() throws {
        let newsroom = try Newsroom()
        _ = try newsroom.tool.run("fetch", "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f")
        for width in Self.widths {
            let status = try newsroom.screen("status", columns: width)
            #expect(!status.isWrapped, "\(width): \(status.lines)")
            let text = status.lines.joined(separator: "\n")
            #expect(text.contains("is healthy"))
            #expect(text.contains("\nstorage      8 articles, "))
            let rows = status.rows(under: "METHOD")
            #expect(status.misaligned(under: "METHOD", left: ["METHOD", "STATUSES"], rows: rows) == [])
            let get = try #require(rows.first { $0.hasPrefix("fetch.get ") }?.split(separator: " "))
            #expect(get[1] == "1" && get[2] == "0", "that there is no such article is no error: \(get)")
            #expect(get.suffix(3) == ["1", "not", "found"], "\(get)")

            let plugins = try newsroom.screen("plugins", columns: width)
            #expect(!plugins.isWrapped, "\(width): \(plugins.lines)")
            let methods = plugins.lines.filter { $0.contains(" -> ") && !$0.hasPrefix("  METHOD") }
            #expect(methods.count > 8)
            let head = ["METHOD", "REQUEST -> RESPONSE", "ROLE"]
            #expect(plugins.misaligned(under: "  METHOD", left: head, rows: methods) == [])
            #expect(methods.first { $0.hasPrefix("  store.put ") }?.hasSuffix("  write") == true)
        }
    }

    @Test func helpFits() throws {
        let newsroom = try Newsroom()
        for width in Self.widths {
            for words in [
                ["help"], ["help", "import"], ["help", "metrics"], ["list", "--help"], ["help", "exit-codes"],
            ] {
                let program = Service.products.appending(path: "articlectl").path
                let screen = try newsroom.tmux.run([program] + words, columns: width)
                #expect(!screen.isWrapped, "\(words) \(width)")
                #expect(screen.lines.count > 10)
            }
        }
        let typo = try newsroom.screen("help", "ipmort", columns: 80)
        #expect(typo.lines.joined(separator: " ").contains("did you mean `articlectl import`?"))
    }

    @Test func importAndBenchFit() throws {
        let newsroom = try Newsroom()
        let text = try newsroom.tool.file("one.txt", "Tin ngắn\n\n(Mic.gov.vn) - Thân bài.\n")
        for width in Self.widths {
            let screen = try newsroom.screen("import", text, columns: width)
            #expect(!screen.isWrapped, "\(width): \(screen.lines)")
            let said = screen.lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
            #expect(said.hasPrefix("1 article in "), "\(screen.lines)")
            #expect(said.hasSuffix(" updated, \(width == 80 ? 0 : 1) unchanged, 0 rejected"), "\(screen.lines)")
            let bench = try newsroom.screen("bench", "ping", "-c", "1", "-s", "1", columns: width)
            #expect(!bench.isWrapped, "\(width): \(bench.lines)")
            let text = bench.lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
            #expect(text.contains(": 1 connection, 1 request at a time on each throughput  "), "\(bench.lines)")
            #expect(
                bench.lines.contains {
                    $0.hasPrefix("  in all      ") && $0.contains(" in 1 s, 0 errors, 0 reconnects,")
                })
        }
    }

    @Test func histogramsFit() throws {
        let newsroom = try Newsroom()
        for width in Self.widths {
            let months = try newsroom.screen("list", "--histogram", "month", "--until", "2009-12-01", columns: width)
            #expect(!months.isWrapped)
            let rows = months.rows(under: "MONTH")
            #expect(rows.first?.hasPrefix("2009-01         1  ███") == true, "\(rows)")
            #expect(rows.dropLast().allSatisfy { Screen.columns($0).count < width })
            #expect(rows.last == "7 articles in 7 months")
            let sources = try newsroom.screen("list", "--histogram", "source", columns: width)
            let bars = sources.rows(under: "SOURCE")
            #expect(bars[0].hasPrefix("Báo Cần Thơ điện tử         5  ███"), "\(bars)")
            #expect(bars[1].hasPrefix("Mic.gov.vn                  3  ███"))
        }
        #expect(try newsroom.tool.run("list", "--histogram", "topic").text == "kinh-doanh\t4\nthe-thao\t4\n")
        let json = try newsroom.tool.run("list", "--histogram", "topic", "--topic", "the-thao", "--json").json()
        #expect(json["topic"] as? String == "the-thao" && json["articles"] as? Int == 4)
        #expect(try newsroom.tool.run("list", "--histogram", "years").code == 64)
    }

    @Test func aTopicThatIsMistypedIsNamed() throws {
        let newsroom = try Newsroom()
        for width in Self.widths {
            let screen = try newsroom.screen("list", "--topic", "kinhdoanh", columns: width)
            #expect(
                screen.lines == [
                    "no articles match", "articlectl: no articles match --topic kinhdoanh",
                    "  did you mean --topic kinh-doanh?",
                ])
        }
        // One of the model's that no article has yet, and a source.
        #expect(
            try newsroom.tool.run("list", "--topic", "suckhoe").complaints.contains("did you mean --topic suc-khoe?"))
        #expect(
            try newsroom.tool.run("list", "--source", "mic.gov.vn").complaints.contains(
                "did you mean --source Mic.gov.vn?"))
        // Nothing is guessed where nothing is wrong, or like it.
        for words in [
            ["--topic", "suc-khoe"], ["--topic", "zzzzzzzz"], ["--topic", "the-thao", "--until", "1990-01-01"],
        ] {
            let run = try newsroom.tool.run(["list"] + words)
            #expect(run.code == 0 && run.complaints.isEmpty && run.text.isEmpty, "\(words): \(run.complaints)")
        }
    }

    @Test func coloursAreForTerminalsThatWantThem() throws {
        let newsroom = try Newsroom()
        for words in [
            ["list"], ["status"], ["plugins"], ["topics"], ["list", "--histogram", "month"], ["top", "--once"],
        ] {
            let program = [Service.products.appending(path: "articlectl").path] + words
            #expect(try newsroom.tmux.run(program, columns: 100).hasColours, "\(words)")
            #expect(try !newsroom.tmux.run(program, columns: 100, ["NO_COLOR": "1"]).hasColours, "\(words)")
            // tmux has a TERM of its own.
            let dumb = try newsroom.tmux.run(["/usr/bin/env", "TERM=dumb"] + program, columns: 100)
            #expect(!dumb.hasColours && !dumb.lines.isEmpty, "\(words)")
            #expect(try !newsroom.tool.run(words).text.contains("\u{1b}"), "\(words)")
        }
    }

    // MARK: top

    @Test func topIsDrawnAgainAndPutsTheTerminalBack() throws {
        let newsroom = try Newsroom()
        let program = Service.products.appending(path: "articlectl").path
        for key in ["q", "C-c"] {
            let line = "echo before; '\(program)' top; echo \"ended with $?\"; stty -a; echo settled; read line"
            let pane = try newsroom.tmux.start(["/bin/sh", "-c", line], columns: 80, rows: 24)
            // A second view: there are rates.
            try pane.wait { try pane.screen().lines.contains { $0.contains(", last ") } }
            var screen = try pane.screen()
            #expect(screen.lines.first?.hasPrefix("articled ") == true)
            #expect(screen.lines.contains { $0.hasPrefix("storage      8 articles, ") }, "\(screen.lines)")
            #expect(screen.lines.contains { $0.hasPrefix("store ") && $0.contains("  healthy  ") }, "\(screen.lines)")
            #expect(screen.lines.contains { $0.hasPrefix("service.stats ") })
            #expect(screen.lines.contains { $0.hasPrefix("METHOD ") && !$0.contains("STATUSES") })
            #expect(!screen.isWrapped)
            #expect(try pane.format("alternate_on") == "1" && pane.format("cursor_flag") == "0")

            // It follows the window.
            try pane.resize(columns: 200, rows: 30)
            try pane.wait { try pane.screen().lines.contains { $0.hasPrefix("METHOD ") && $0.contains("  STATUSES") } }
            screen = try pane.screen()
            let rows = screen.rows(under: "METHOD")
            #expect(screen.misaligned(under: "METHOD", left: ["METHOD"], rows: rows) == [])
            try pane.resize(columns: 80, rows: 8)
            try pane.wait { try pane.screen().lines.last?.hasSuffix(" more lines") == true }
            #expect(try pane.screen().lines.count <= 8)
            try pane.resize(columns: 80, rows: 24)

            try pane.type(key)
            try pane.wait { try pane.screen().lines.last == "settled" }
            let after = try pane.screen()
            #expect(after.lines.first == "before")
            #expect(after.lines[1] == "ended with 0")
            let settings = Set(after.lines.dropFirst(2).joined(separator: " ").split { " ;".contains($0) })
            #expect(settings.contains("icanon") && settings.contains("echo") && settings.contains("isig"))
            #expect(try pane.format("alternate_on") == "0" && pane.format("cursor_flag") == "1")
            #expect(try pane.format("wrap_flag") == "1")
            try pane.type("Enter")
            try pane.waitForEnd()
        }
    }

    /// Ctrl-Z gives the terminal back to the shell, and fg takes it again.
    @Test func topCanBeStoppedAndContinued() throws {
        let newsroom = try Newsroom()
        let pane = try newsroom.tmux.start(
            ["/usr/bin/env", "PS1=ready ", "/bin/bash", "--norc", "-i"], columns: 80, rows: 24)
        func shows(_ line: @escaping (String) -> Bool) throws {
            try pane.wait { try pane.screen().lines.contains(where: line) }
        }
        try shows { $0.hasPrefix("ready") }
        try pane.type("'\(Service.products.appending(path: "articlectl").path)' top", "Enter")
        try shows { $0.contains(", last ") }
        try pane.type("C-z")
        try shows { $0.contains("Stopped") }
        try pane.type("stty -a | tr ' ;' '\\n' | grep icanon", "Enter")
        try shows { $0 == "icanon" }
        try pane.type("fg", "Enter")
        try pane.wait { try pane.screen().lines.first?.hasPrefix("articled ") == true }
        try pane.type("q")
        try shows { $0 == "icanon" }
        try pane.type("exit", "Enter")
        try pane.waitForEnd()
        #expect(try pane.format("pane_dead_status") == "0")
    }

    @Test func topSeesWhatHappensAndSurvivesARestart() throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let tmux = try Tmux(environment: [
            "ARTICLED_ENDPOINT": "unix:\(service.socketPath)", "SWIFT_BACKTRACE": "enable=no",
        ])
        let pane = try tmux.start([Service.products.appending(path: "articlectl").path, "top"], columns: 120, rows: 40)
        try pane.wait { try pane.screen().lines.contains { $0.contains(", last ") } }
        // Until one of its views has seen one of these.
        try pane.wait {
            _ = try tool.run("fetch", "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f")
            return try pane.screen().lines.contains { $0.hasPrefix("fetch.get ") && $0.hasSuffix(" not found") }
        }
        try service.restart(after: SIGKILL) {
            try pane.wait { try pane.screen().lines.contains { $0.hasPrefix("no answer: ") } }
        }
        try pane.wait {
            let lines = try pane.screen().lines
            return lines.contains { $0.contains(", last ") } && !lines.contains { $0.hasPrefix("no answer: ") }
        }
        try pane.type("q")
        try pane.waitForEnd()
        #expect(try pane.format("pane_dead_status") == "0")
    }

    @Test func topForPrograms() throws {
        let tool = CommandLineTool(try Service())
        let run = try tool.run("top")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.text.hasPrefix("articled "))
        #expect(run.lines.contains { $0.hasPrefix("service.metrics ") })
        let json = try tool.run("top", "--json").json()
        #expect(json["requests_per_second"] as? Double ?? 0 > 0)
        #expect(json["state"] as? String == "healthy")
        #expect((json["plugins"] as? [[String: Any]])?.contains { $0["name"] as? String == "store" } == true)
        #expect(try tool.run("top", "--socket", tool.directory.path + "/nobody").code == 69)
        #expect(try tool.run("top", "-i", "0").code == 64)
    }
}
