// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleServer

@Suite struct LogRecordTests {
    @Test func line() {
        let record = LogRecord(level: .warning, message: "đĩa đầy", fields: ["PLUGIN": "lmdb-storage", "A": "1"])
        #expect(record.line(at: "12:00:00.000") == "12:00:00.000 warning: đĩa đầy A=1 PLUGIN=lmdb-storage\n")
    }

    @Test func aLineForStderrHasItsLevelBeforeIt() {
        let record = LogRecord(level: .error, message: "a\nb", fields: ["PLUGIN_PATH": "/x"])
        #expect(record.streamLine == "<3>a\\xab PLUGIN_PATH=/x\n")
    }

    /// Text from a plugin or a peer cannot begin a new line or control a terminal.
    @Test func forgery() {
        let record = LogRecord(level: .info, message: "a\n12:00:00 error: b\u{1b}[2J", fields: ["F": "x\ry"])
        #expect(record.line(at: "t") == "t info: a\\xa12:00:00 error: b\\x1b[2J F=x\\xdy\n")
    }

    @Test func journal() {
        let record = LogRecord(
            level: .error, message: "a\nb",
            fields: ["METHOD": "store.put", "MESSAGE": "other", "bad": "1", "A=B": "1", "": ""])
        #expect(
            record.journalFields == ["MESSAGE=a\nb", "PRIORITY=3", "SYSLOG_IDENTIFIER=articled", "METHOD=store.put"])
    }

    @Test func longText() {
        let record = LogRecord(level: .info, message: String(repeating: "ấ", count: 10_000), fields: [:])
        #expect(record.line(at: "t").utf8.count < LogRecord.maxBytes + 20)
        #expect(record.line(at: "t").hasSuffix("...\n"))
    }

    @Test func levelsOfPlugins() {
        #expect(Log.Level(pluginLevel: 3) == .error)
        #expect(Log.Level(pluginLevel: 7) == .debug)
        #expect(Log.Level(pluginLevel: 0) == .error)
        #expect(Log.Level(pluginLevel: .max) == .debug)
    }
}

@Suite struct LogLimiterTests {
    @Test func whatIsSuppressedIsCounted() {
        let ration = LogLimiter(lines: 2, interval: 100)
        #expect(ration.take(at: 1000) == 0)
        #expect(ration.take(at: 1001) == 0)
        for time in UInt64(1002)...1099 { #expect(ration.take(at: time) == nil) }
        #expect(ration.take(at: 1100) == 98)
        #expect(ration.take(at: 1101) == 0)
        #expect(ration.take(at: 1102) == nil)
        #expect(ration.take(at: 5000) == 1)
    }
}
