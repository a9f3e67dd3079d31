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
    }

    @Test func everyMemberCounts() throws {
        let settings = try read(
            """
            { connection: "postgresql://reader@a:5433,b/news?sslmode=verify-full&target_session_attrs=primary",
              password: "secret", readConnections: 7, queueReads: 8, queueWrites: 9, queueBytes: 65536,
              connectTimeout: "2500 ms", statementTimeout: "20 s", keepDeletions: "3 h" }
            """)
        for (name, wanted) in [
            ("host", "a,b"), ("port", "5433,"), ("dbname", "news"), ("user", "reader"), ("password", "secret"),
            ("sslmode", "verify-full"), ("target_session_attrs", "primary"), ("connect_timeout", "3"),
        ] {
            #expect(value(name, of: settings.options) == wanted, "\(name)")
        }
        #expect(settings.readConnections == 7 && settings.queueReads == 8 && settings.queueWrites == 9)
        #expect(settings.queueBytes == 65536 && settings.statementTimeout == 20_000)
        #expect(settings.keepDeletions == 3 * 3_600_000)
        #expect(settings.options.setup(.writer).contains("statement_timeout = 20000"))
    }

    @Test func everythingThatIsWrongIsTold() {
        let error = #expect(throws: ServiceError.self) {
            try read(
                """
                { connection: "host", readConnections: 0, queueReads: 0, queueWrites: 0, queueBytes: 1,
                  connectTimeout: "5", statementTimeout: "1 min", keepDeletions: "1 ms" }
                """)
        }
        let lines = error?.message.split(separator: "\n").map(String.init) ?? []
        #expect(error?.code == .invalidArgument && lines.count == 8)
        for name in [
            "connection", "readConnections", "queueReads", "queueWrites", "queueBytes", "connectTimeout",
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
        let told = keys.filter { $0.output.1 != "password" }.map { "\($0.output.1): \($0.output.2)" }
        #expect(keys.count == 9 && told.count == 8)
        let (documented, settings) = (try read("{ \(told.joined(separator: ", ")) }"), try read("{}"))
        #expect(documented.readConnections == settings.readConnections && documented.queueReads == settings.queueReads)
        #expect(documented.queueWrites == settings.queueWrites && documented.queueBytes == settings.queueBytes)
        #expect(documented.keepDeletions == settings.keepDeletions)
        #expect(documented.options.setup(.reader) == settings.options.setup(.reader))
        for (told, meant) in zip(documented.options.keywords(.writer), settings.options.keywords(.writer)) {
            #expect(told.name == meant.name && told.value == meant.value)
        }
    }
}
