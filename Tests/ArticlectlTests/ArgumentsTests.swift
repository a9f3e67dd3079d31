// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import Testing

@testable import Spelling
@testable import articlectl

@Suite struct ArgumentsTests {
    private static let command = CommandDescription(
        "show", "show things", operands: "THING...", count: 1...3,
        options: [
            .value("limit", short: "n", "N", "at most so many"), .flag("all", short: "a", "everything"),
            .value("tag", "TAG", "a tag", repeatable: true),
        ], examples: [.init("articlectl show x", "shows x")])

    private func parse(_ words: String...) throws(CommandFailure) -> Arguments {
        try Arguments(words, for: Self.command)
    }

    @Test(arguments: [
        ["x", "--limit", "3", "--all"], ["--limit=3", "x", "-a"], ["-n", "3", "-a", "x"], ["-an3", "x"],
        ["-n3", "-a", "--", "x"],
    ]) func spellings(_ words: [String]) throws {
        let arguments = try Arguments(words, for: Self.command)
        #expect(arguments.operands == ["x"])
        #expect(try arguments.number("limit", in: 0...10) == 3)
        #expect(arguments.flag("all"))
        #expect(!arguments.flag("json"))
    }

    @Test func operandsThatLookLikeOptions() throws {
        #expect(try parse("-", "--", "--limit", "-n").operands == ["-", "--limit", "-n"])
    }

    @Test func repeatedOptions() throws {
        #expect(try parse("x", "--tag", "a", "--tag=b").values("tag") == ["a", "b"])
        #expect(throws: CommandFailure.self) { try parse("x", "--limit", "1", "--limit", "2") }
    }

    @Test func mistakesAreExplained() {
        func failure(_ words: String...) -> CommandFailure? {
            do throws(CommandFailure) {
                let arguments = try Arguments(words, for: Self.command)
                _ = try arguments.number("limit", in: 1...10)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure("x", "--limti", "3")?.hint == "did you mean --limit?")
        #expect(failure("x", "--zzzzzz")?.hint?.contains("articlectl help show") == true)
        #expect(failure("x", "-z")?.message.contains("-z") == true)
        #expect(failure("x", "--limit")?.message.contains("needs a value") == true)
        #expect(failure("x", "--all=yes")?.message.contains("takes no value") == true)
        #expect(failure()?.message.contains("THING...") == true)
        #expect(failure("1", "2", "3", "4")?.message.contains("\"4\"") == true)
        #expect(failure("x", "--limit", "11")?.message.contains("from 1 to 10") == true)
        #expect(failure("x", "--limit", "many")?.code == .usage)
    }

    @Test func suggestions() {
        let names = Articlectl.commands.map { $0.description.name }
        #expect(Suggestion.closest(to: "lits", among: names) == "list")
        #expect(Suggestion.closest(to: "improt", among: names) == "import")
        #expect(Suggestion.closest(to: "Fetch", among: names) == "fetch")
        #expect(Suggestion.closest(to: "stat", among: names) == "status")
        #expect(Suggestion.closest(to: "quux", among: names) == nil)
        #expect(Suggestion.distance("abcd", "abdc") == 1)
        #expect(Suggestion.distance("", "abc") == 3)
    }

    @Test func everyCommandIsDescribed() throws {
        for command in Articlectl.commands {
            let description = command.description
            #expect(!description.examples.isEmpty, "\(description.name) shows no example")
            let names = description.allOptions.map(\.name)
            #expect(Set(names).count == names.count, "\(description.name) has an option twice")
            let letters = description.allOptions.compactMap(\.short)
            #expect(Set(letters).count == letters.count, "\(description.name) has a letter twice")
            let page = CommandHelp.page(description, width: 80)
            for option in description.options { #expect(page.contains("--\(option.name)")) }
        }
        for code in ExitCode.allCases {
            #expect(CommandHelp.exitCodes(width: 100).contains("\(code.rawValue)  \(code.meaning)"))
        }
    }

    @Test func endpoints() throws {
        func endpoint(_ socket: String? = nil, _ tcp: String? = nil, _ list: String? = nil) throws -> [Endpoint] {
            try EndpointOption.endpoints(socket: socket, tcp: tcp, list: list)
        }
        #expect(try endpoint("/tmp/s", nil) == [.unix(path: "/tmp/s")])
        #expect(try endpoint(nil, "127.0.0.1:7450") == [.tcp(host: "127.0.0.1", port: 7450)])
        #expect(try endpoint(nil, "[::1]:7450") == [.tcp(host: "::1", port: 7450)])
        #expect(try endpoint("/tmp/a,b", nil) == [.unix(path: "/tmp/a,b")])
        let several = try endpoint(nil, nil, "unix:/tmp/s,tcp:[::1]:7450")
        #expect(several == [.unix(path: "/tmp/s"), .tcp(host: "::1", port: 7450)])
        let failure = #expect(throws: CommandFailure.self) { try endpoint(nil, nil, "unix:/tmp/s,localhost") }
        #expect(failure?.message.hasPrefix("element 2 of --endpoint is \"localhost\"") == true)
        #expect(throws: CommandFailure.self) { try endpoint("/tmp/s", nil, "tcp:a:1") }
        for wrong in ["localhost", ":1", "a:0", "a:65536", "a:x", "[]:1"] {
            #expect(throws: CommandFailure.self) { try endpoint(nil, wrong) }
        }
        #expect(throws: CommandFailure.self) { try endpoint("/tmp/s", "a:1") }
        #expect(throws: CommandFailure.self) { try endpoint("", nil) }
    }

    @Test func optionsOfEveryCommandMayStandBeforeIt() throws {
        let cases: [([String], String, [String])] = [
            (["list", "-n", "3"], "list", ["-n", "3"]),
            (["--socket", "/tmp/s", "ping", "-n", "3"], "ping", ["--socket", "/tmp/s", "-n", "3"]),
            (["--socket=/tmp/s", "--json", "store", "--", "-"], "store", ["--socket=/tmp/s", "--json", "--", "-"]),
            (["-h", "list"], "list", ["-h"]),
        ]
        for (words, name, rest) in cases {
            let found = try #require(try CommandLineWords.split(words))
            #expect(found.name == name)
            #expect(found.rest == rest)
        }
        #expect(try CommandLineWords.split(["--json", "--socket", "x"]) == nil)
        #expect(throws: CommandFailure.self) { try CommandLineWords.split(["--limit", "3", "list"]) }
    }

    @Test func aSocketsPathIsBounded() throws {
        let path = "/" + String(repeating: "x", count: 106)
        #expect(try EndpointOption.endpoints(socket: path, tcp: nil, list: nil) == [.unix(path: path)])
        let failure = #expect(throws: CommandFailure.self) {
            try EndpointOption.endpoints(socket: path + "x", tcp: nil, list: nil)
        }
        #expect(failure?.code == .usage)
        #expect(failure?.message.contains("at most 107 bytes") == true)
    }
}
