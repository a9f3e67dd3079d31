// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import Testing

@testable import PostgreSQLEngine

struct SettingsTests {
    private func read(_ section: String) throws -> EngineSettings {
        try EngineSettings.read(PluginConfiguration(json: Array(section.utf8)))
    }

    private func value(_ name: String, of options: ConnectionOptions) -> String? {
        options.keywords(.reader).last { $0.name == name }?.value
    }

    @Test func theDefaultsAreComplete() throws {
        let settings = try read("{}")
        #expect(value("dbname", of: settings.options) == "articled")
        #expect(value("target_session_attrs", of: settings.options) == "read-write")
        #expect(value("connect_timeout", of: settings.options) == "5")
        #expect(value("password", of: settings.options) == nil)
        #expect(settings.keepDeletions == 7 * 86_400_000 && settings.statementTimeout == 10_000)
        #expect(settings.queueTimeout == 10_000)
    }

    @Test func everyMemberCounts() throws {
        let settings = try read(
            """
            { connection: "postgresql://reader@a:5433,b/news?sslmode=verify-full&target_session_attrs=primary",
              password: "secret", readConnections: 7, queueReads: 8, queueWrites: 9, queueBytes: 65536,
              queueTimeout: "7 s", connectTimeout: "2500 ms", statementTimeout: "20 s", keepDeletions: "3 h" }
            """)
        for (name, wanted) in [
            ("host", "a,b"), ("port", "5433,"), ("dbname", "news"), ("user", "reader"), ("password", "secret"),
            ("sslmode", "verify-full"), ("target_session_attrs", "primary"), ("connect_timeout", "3"),
        ] {
            #expect(value(name, of: settings.options) == wanted, "\(name)")
        }
        #expect(settings.readConnections == 7 && settings.queueReads == 8 && settings.queueWrites == 9)
        #expect(settings.queueBytes == 65536 && settings.statementTimeout == 20_000)
        #expect(settings.queueTimeout == 7000)
        #expect(settings.keepDeletions == 3 * 3_600_000)
        #expect(settings.options.setup(.writer).contains("statement_timeout = 20000"))
    }

    /// The server that took the last connection is tried first.
    @Test func theOrderOfServers() throws {
        for (connection, port) in [
            ("host=a,b,c port=5433,,5434", "5433,,5434"), ("host=a,b,c port=5432", "5432"), ("host=a,b,c", ""),
        ] {
            let options = try read("{ connection: \"\(connection)\" }").options
            #expect(options.serverCount == 3)
            let place = try #require(options.server("b", port: "5432"))
            #expect(place == 1 && options.server("d", port: "5432") == nil)
            let keywords = options.keywords(.reader, first: place)
            #expect(keywords.first { $0.name == "host" }?.value == "b,c,a")
            let ports = keywords.first { $0.name == "port" }?.value ?? ""
            #expect(ports == (port.contains(",") ? ",5434,5433" : port))
            #expect(options.keywords(.reader).first { $0.name == "host" }?.value == "a,b,c")
        }
        let uri = try read("{ connection: \"postgresql://a:5433,a:5434/news\" }").options
        #expect(uri.serverCount == 2 && uri.server("a", port: "5434") == 1 && uri.server("a", port: "5432") == nil)
        #expect(try read("{}").options.serverCount == 1)
    }

    @Test func replicas() throws {
        #expect(try read("{ allowStaleReads: false }").replicas == nil)
        let section =
            "connection: \"postgresql://a,b/news?target_session_attrs=primary&user=reader\", readConnections: 2"
        let same = try read("{ \(section), allowStaleReads: true }")
        let keywords = try #require(same.replicas).keywords(.replica)
        for (name, wanted) in [("host", "a,b"), ("target_session_attrs", "prefer-standby"), ("user", "reader")] {
            #expect(keywords.last { $0.name == name }?.value == wanted)
        }
        #expect(same.links == [.writer, .watcher, .reader, .replica, .replica])
        #expect(value("target_session_attrs", of: same.options) == "primary")
        let others = try read(
            "{ \(section), allowStaleReads: true, replicas: \"host=c target_session_attrs=standby\" }")
        let chosen = try #require(others.replicas).keywords(.replica)
        for (name, wanted) in [("host", "c"), ("target_session_attrs", "standby")] {
            #expect(chosen.last { $0.name == name }?.value == wanted)
        }
        #expect(throws: ServiceError.self) { try read("{ replicas: \"host=c\" }") }
    }

    @Test func everythingThatIsWrongIsTold() {
        let error = #expect(throws: ServiceError.self) {
            try read(
                """
                { connection: "host", readConnections: 0, queueReads: 0, queueWrites: 0, queueBytes: 1,
                  queueTimeout: "26 s", connectTimeout: "5", statementTimeout: "1 min", keepDeletions: "1 ms" }
                """)
        }
        let lines = error?.message.split(separator: "\n").map(String.init) ?? []
        #expect(error?.code == .invalidArgument && lines.count == 9)
        for name in [
            "connection", "readConnections", "queueReads", "queueWrites", "queueBytes", "queueTimeout",
            "connectTimeout",
            "statementTimeout", "keepDeletions",
        ] {
            #expect(lines.contains { $0.hasPrefix("\(name): ") }, "\(name)")
        }
        #expect(lines.contains("statementTimeout: \"1 min\" is not from 1 s to 25 s"))
    }

    /// The defaults that articled.json5(5) documents are the ones that apply.
    @Test func theDefaultsAreDocumented() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../deploy/man/articled.json5.5").standardizedFileURL
        let page = try String(contentsOf: file, encoding: .utf8).replacing("\\-", with: "-")
        let keys = page.matches(of: /\\fBplugins\.postgresql-storage\.(\w+)\\fR \(.*; default (.*)\)\n/)
        let told = keys.filter { !["password", "replicas"].contains($0.output.1) }.map {
            "\($0.output.1): \($0.output.2)"
        }
        #expect(keys.count == 12 && told.count == 10)
        let (documented, settings) = (try read("{ \(told.joined(separator: ", ")) }"), try read("{}"))
        #expect(documented.readConnections == settings.readConnections && documented.queueReads == settings.queueReads)
        #expect(documented.queueWrites == settings.queueWrites && documented.queueBytes == settings.queueBytes)
        #expect(documented.queueTimeout == settings.queueTimeout)
        #expect(documented.replicas == nil && settings.replicas == nil)
        #expect(documented.keepDeletions == settings.keepDeletions)
        #expect(documented.options.setup(.reader) == settings.options.setup(.reader))
        for (told, meant) in zip(documented.options.keywords(.writer), settings.options.keywords(.writer)) {
            #expect(told.name == meant.name && told.value == meant.value)
        }
    }
}
