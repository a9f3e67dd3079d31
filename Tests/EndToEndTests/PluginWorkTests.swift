// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Testing

/// Background work of plugins, and calls between them, in the real service.
@Suite struct PluginWorkTests {
    private func client(of service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Background work

    @Test func itRunsWhenTheServiceHasStartedAndYields() async throws {
        let service = try Service(plugins: [], fixtures: ["works-in-background"])
        let client = client(of: service)
        // The kernel keeps 15 bytes of a thread's name.
        #expect(text(try await client.call("background.run", payload: [])) == "works-in-backgr 10")
        #expect(text(try await client.call("background.early", payload: [])) == "started")
        let metrics = text(try await client.call("service.metrics", payload: []))
        for line in [
            "articled_background_work{plugin=\"works-in-background\",work=\"look\"} 0",
            "articled_background_failures_total{plugin=\"works-in-background\",work=\"look\"} 0",
        ] { #expect(metrics.contains("\n\(line)\n"), "\(line)") }
        #expect(metrics.contains("\narticled_background_cpu_seconds_total{plugin=\"works-in-background\"} "))
    }

    @Test func aFailureIsToldAndOthersAreServed() async throws {
        let service = try Service(plugins: [], fixtures: ["fails-in-background", "greeter"])
        let client = client(of: service)
        #expect(text(try await client.call("failing.call", payload: [])) == "still here")
        #expect(text(try await client.call("greeter.hello", payload: [])) == "Hello, ")
        let line = "fails-in-background: its background work \"follow\" failed: no space for the index"
        while !service.told.contains(line), service.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        #expect(service.told.contains(line))
    }

    @Test func aStopNamesWhatDoesNotEnd() throws {
        let articled = try Articled(
            [
                "--listen", "unix:DIR/socket", "--plugins", "DIR/plugins", "--state-directory", "DIR/state",
            ], fixtures: ["never-ends"])
        let connection = try articled.connect()
        let number = try connection.greet().number("endless.call")
        connection.send(Frames.frame(.request, [], flags: .end, method: number, stream: 1))
        guard case .frame(_, let payload) = connection.next() else { throw Articled.Failed(output: articled.text) }
        #expect(text(payload) == "still here")
        articled.send(SIGTERM)
        #expect(try articled.ended() == 70)
        #expect(articled.text.contains("never-ends: its background work \"follow\" did not end in time"))
    }

    // MARK: Calls

    @Test func aPluginCallsAnother() async throws {
        let service = try Service(fixtures: ["calls-others", "greeter"])
        let client = client(of: service)
        let answer = try await client.call("relay.call", payload: Array("greeter.hello\nHuế".utf8))
        #expect(text(answer) == "Hello, Huế")
        #expect(text(try await client.call("relay.own", payload: Array("greeter.hello\nVinh".utf8))) == "Hello, Vinh")
        // What it calls may call again.
        let twice = try await client.call("relay.call", payload: Array("relay.call\ngreeter.hello\nĐà Lạt".utf8))
        #expect(text(twice) == "Hello, Đà Lạt")
        // A plugin in Swift that answers at once, one that answers from a task, and articled itself.
        let put = try await client.put(Article(title: "a"))
        let get = GetRequest(id: put.id).encoded()
        let article = try await client.call("relay.call", payload: Array("fetch.get\n".utf8) + get)
        #expect(article == (try await client.call("fetch.get", payload: get)))
        let list = try await client.call("relay.call", payload: Array("fetch.list\n".utf8))
        #expect(!list.isEmpty)
        #expect(!(try await client.call("relay.call", payload: Array("service.stats\n".utf8))).isEmpty)
        let metrics = text(try await client.call("service.metrics", payload: []))
        #expect(metrics.contains("\narticled_requests_total{method=\"greeter.hello\",code=\"OK\"} 3\n"))
        #expect(metrics.contains("\narticled_requests_in_flight 1\n"), "the one that asks")
    }

    @Test func aCircleEndsWithAnErrorThatNamesIt() async throws {
        let service = try Service(plugins: [], fixtures: ["calls-others", "greeter"])
        let client = client(of: service)
        for _ in 0..<100 {
            await #expect { try await client.call("circle.call", payload: []) } throws: {
                "\($0)".contains("calls-others: more than 8 calls within calls: circle.call -> circle.call")
            }
        }
        await #expect { try await client.call("relay.call", payload: Array("greter.hello\n".utf8)) } throws: {
            "\($0)".contains("there is no method greter.hello; did you mean greeter.hello?")
        }
        #expect(text(try await client.call("greeter.hello", payload: [])) == "Hello, ")
    }

    /// The caller's end, its deadline and its cancellation reach the plugin that is called.
    @Test func aCallEndsWithItsRequest() async throws {
        let service = try Service(plugins: [], fixtures: ["calls-others", "answers-nothing", "greeter"])
        let client = client(of: service)
        await #expect {
            try await client.call(
                "relay.call", payload: Array("silent.call\n".utf8), policy: CallPolicy(deadline: .milliseconds(100)))
        } throws: { ($0 as? ClientError)?.kind == .deadline }
        let waiting = Task { try await client.call("relay.call", payload: Array("silent.call\n".utf8)) }
        waiting.cancel()
        _ = try? await waiting.value
        #expect(text(try await client.call("relay.call", payload: Array("greeter.hello\n".utf8))) == "Hello, ")
    }
}
