// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// `articlectl call` with the real service.
@Suite struct CallTests {
    private func object(_ line: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }

    @Test func messagesAreJSON() throws {
        let tool = CommandLineTool(try Service())
        let pong = try tool.run("call", "service.ping", #"{"payload":"AQI="}"#)
        #expect(pong.code == 0, "\(pong.complaints)")
        #expect(try object(pong.text)["payload"] as? String == "AQI=")
        #expect(try object(pong.text)["time"] is String)
        #expect(try tool.run("call", "service.ping").code == 0)

        let id = "0190f3a1-6b1c-7cc0-98c4-dc0c0c07398f"
        let put = try tool.run(
            "call", "store.put", "-",
            input: Array("{\n\"article\": {\"id\": \"\(id)\", \"title\": \"Tin\", \"published_at\": 7}}\n".utf8))
        #expect(put.code == 0, "\(put.complaints)")
        #expect(try object(put.text)["outcome"] as? String == "PUT_OUTCOME_CREATED")
        #expect(try object(put.text)["revision"] as? String == "1")
        let article = try object(tool.run("call", "fetch.get", "{\"id\":\"\(id)\"}").text)
        #expect(article["title"] as? String == "Tin")
        #expect(article["publishedAt"] as? String == "7")

        let missing = try tool.run("call", "fetch.get", "{\"url\":\"https://example.org/absent\"}")
        #expect(missing.code == 1)
        #expect(missing.text.isEmpty)
    }

    @Test func streamsAreLines() throws {
        let tool = CommandLineTool(try Service())
        let lines = (0..<500).map { "{\"article\":{\"title\":\"Tin \($0)\",\"body\":\"Thân bài.\"}}\n" }.joined()
        let put = try tool.run("call", "store.putMany", input: Array(lines.utf8))
        #expect(put.code == 0, "\(put.complaints)")
        #expect(put.lines.count == 500)
        #expect(try Set(put.lines.map { try object($0)["index"] as? String ?? "0" }).count == 500)
        let list = try tool.run("call", "fetch.list", #"{"limit":20,"view":"VIEW_SUMMARY"}"#)
        #expect(list.lines.count == 20)
        #expect(try list.lines.allSatisfy { try object($0)["cursor"] is String })

        // A line that is wrong ends the call, and is named.
        let wrong = try tool.run(
            "call", "store.putMany", input: Array((lines + "\n{\"article\":{\"titel\":\"x\"}}\n").utf8))
        #expect(wrong.code == 65)
        #expect(wrong.complaints.contains("standard input:502: article.titel: no such field of articled.v1.Article"))
        #expect(wrong.complaints.contains("did you mean title?"))
    }

    /// The answer to a message comes before the next one is sent.
    @Test(.timeLimit(.minutes(1))) func aStreamIsAConversation() throws {
        let tool = CommandLineTool(try Service())
        let call = tool.process(["call", "store.putMany"])
        let (input, output) = (Pipe(), Pipe())
        call.standardInput = input
        call.standardOutput = output
        try call.run()
        for number in 0..<3 {
            input.fileHandleForWriting.write(Data("{\"article\":{\"title\":\"\(number)\"}}\n".utf8))
            let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            #expect(answer.contains("PUT_OUTCOME_CREATED"))
        }
        try input.fileHandleForWriting.close()
        call.waitUntilExit()
        #expect(CommandLineTool.code(of: call) == 0)
    }

    /// What ends the call ends the wait for more input too.
    @Test(.timeLimit(.minutes(1))) func anEndedCallDoesNotWaitForInput() throws {
        let tool = CommandLineTool(try Service())
        let call = tool.process(["call", "store.putMany", "--timeout", "1"])
        let input = Pipe()
        call.standardInput = input
        try call.run()
        call.waitUntilExit()
        #expect(CommandLineTool.code(of: call) != 0)
        try input.fileHandleForWriting.close()
    }

    @Test func whatIsWrongIsSaid() throws {
        let tool = CommandLineTool(try Service())
        let method = try tool.run("call", "fetch.gets", "{}")
        #expect(method.code == 69)
        #expect(method.complaints.contains("the service has no method fetch.gets"))
        #expect(method.complaints.contains("did you mean fetch.get?"))
        let type = try tool.run("call", "fetch.get", #"{"url":7}"#)
        #expect(type.code == 65)
        #expect(type.complaints.contains("url: a string is expected; this is a number"))
        #expect(try tool.run("call", "fetch.get", "{").code == 65)
        #expect(try tool.run("call", "fetch.get", "{}", "--raw").code == 64)
        #expect(try tool.run("call", "fetch.list", "--raw").code == 64)
        #expect(try tool.run("call", "fetch.get", "{}", "--hex", "--raw").code == 64)
        #expect(try tool.run("call").code == 64)
        let proto = try tool.file("bad.proto", "syntax = \"proto3\";\nmessage A { Absent a = 1; }\n")
        let file = try tool.run("call", "fetch.get", "{}", "--proto", proto)
        #expect(file.code == 65)
        #expect(file.complaints.contains("\(proto):2: there is no type Absent"))
        #expect(try tool.run("call", "fetch.get", "{}", "--proto", proto + "-absent").code == 66)
    }

    @Test func theMessagesOfAMethodAreShown() throws {
        let tool = CommandLineTool(try Service())
        let run = try tool.run("call", "store.putMany", "--describe")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(
            run.lines.first
                == "// store.putMany: stream of articled.v1.PutRequest -> stream of articled.v1.PutManyResult, write")
        for line in [
            "message articled.v1.PutRequest {", "  optional uint64 expected_revision = 2;",
            "  repeated articled.v1.Topic topics = 10;", "  map<string, string> attributes = 11;",
            "enum articled.v1.PutOutcome {", "  PUT_OUTCOME_CREATED = 1;",
        ] { #expect(run.lines.contains(line), "\(line)") }
        #expect(run.lines.filter { $0 == "message articled.v1.Article {" }.count == 1)
        #expect(try tool.run("call", "service.ping", "{}", "--describe").code == 64)
    }

    @Test func withoutADescriptionMessagesAreBytes() throws {
        let tool = CommandLineTool(try Service(fixtures: ["greeter"]))
        #expect(try tool.run("call", "greeter.hello", "--raw", input: Array("Tí".utf8)).text == "Hello, Tí")
        #expect(try tool.run("call", "greeter.hello", "--hex", "41 42").text == "48656c6c6f2c204142\n")
        #expect(try tool.run("call", "greeter.hello", "--hex", "-", input: Array("41\n".utf8)).text.hasSuffix("2041\n"))
        #expect(try tool.run("call", "greeter.hello", "--hex").text == "48656c6c6f2c20\n")
        #expect(try tool.run("call", "greeter.hello", "--hex", input: Array("4142\n".utf8)).text.hasSuffix("204142\n"))
        #expect(try tool.run("call", "greeter.hello", "--hex", "4").code == 65)
        #expect(try tool.run("call", "greeter.hello", "{}").code == 65)
    }
}
