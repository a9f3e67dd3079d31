// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// What plugins of others do to the requests that they are given, seen by a client of the real service.
@Suite struct PluginBehaviourTests {
    private func client(of service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func pluginInPlainC() async throws {
        let service = try Service(plugins: [], fixtures: ["greeter"])
        let answer = try await client(of: service).call("greeter.hello", payload: Array("Cần Thơ".utf8))
        #expect(text(answer) == "Hello, Cần Thơ")
    }

    @Test func pluginOfThePreviousHeader() async throws {
        let service = try Service(plugins: [], fixtures: ["previous-header"])
        let client = client(of: service)
        #expect(text(try await client.call("previous.hello", payload: [])) == "still here")
        await #expect {
            try await client.call(
                "previous.hello", payload: Array("wait".utf8), policy: CallPolicy(deadline: .milliseconds(50)))
        } throws: { ($0 as? ClientError)?.kind == .deadline }
        #expect(text(try await client.call("previous.hello", payload: [])) == "still here")
    }

    @Test func pluginOfALaterHeader() async throws {
        let service = try Service(plugins: [], fixtures: ["next-header"])
        let client = client(of: service)
        #expect(text(try await client.call("next.first", payload: [])) == "first")
        #expect(text(try await client.call("next.second", payload: [])) == "first")
        await #expect {
            try await client.call("next.wait", payload: [], policy: CallPolicy(deadline: .milliseconds(50)))
        } throws: { ($0 as? ClientError)?.kind == .deadline }
        let metrics = text(try await client.call("service.metrics", payload: []))
        #expect(metrics.contains("\narticled_next_header_cancelled_total 1.0\n"))
    }

    @Test func pluginInPlainCUsesTheStorage() async throws {
        let service = try Service(fixtures: ["needs-storage"])
        let client = client(of: service)
        #expect(text(try await client.call("needs.count", payload: [])) == "0")
        _ = try await client.put(Article(title: "a"))
        #expect(text(try await client.call("needs.count", payload: [])) == "1")
    }

    @Test func theFirstAnswerCounts() async throws {
        let service = try Service(plugins: [], fixtures: ["answers-twice", "greeter"])
        let client = client(of: service)
        for _ in 0..<100 {
            #expect(text(try await client.call("twice.call", payload: [])) == "first")
            #expect(text(try await client.call("greeter.hello", payload: [1])) == "Hello, \u{1}")
        }
        #expect(service.isRunning)
    }

    @Test func aPluginThatNeverAnswersRunsIntoTheDeadlineAndOthersAreServed() async throws {
        let service = try Service(plugins: [], fixtures: ["answers-nothing", "greeter"])
        let client = client(of: service)
        let silent = Task {
            try await client.call("silent.call", payload: [], policy: CallPolicy(deadline: .milliseconds(300)))
        }
        #expect(text(try await client.call("greeter.hello", payload: [])) == "Hello, ")
        await #expect { try await silent.value } throws: { ($0 as? ClientError)?.kind == .deadline }
        #expect(text(try await client.call("greeter.hello", payload: [])) == "Hello, ")
    }

    @Test func aPluginThatIgnoresCancellationHoldsUpNobody() async throws {
        let service = try Service(plugins: [], fixtures: ["ignores-cancellation"])
        let client = client(of: service)
        let stubborn = Task { try await client.call("stubborn.wait", payload: Array("2000".utf8)) }
        let late = Task {
            try await client.call(
                "stubborn.wait", payload: Array("1500".utf8), policy: CallPolicy(deadline: .milliseconds(50)))
        }
        #expect(text(try await client.call("stubborn.wait", payload: Array("1".utf8))) == "done")
        stubborn.cancel()
        await #expect { try await stubborn.value } throws: { ($0 as? ClientError)?.kind == .cancelled }
        await #expect { try await late.value } throws: { ($0 as? ClientError)?.kind == .deadline }
        // This one is answered behind the late answers of both, on the same connection.
        #expect(text(try await client.call("stubborn.wait", payload: Array("2500".utf8))) == "done")
    }
}
