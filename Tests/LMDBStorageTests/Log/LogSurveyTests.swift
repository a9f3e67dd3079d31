// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import LMDBStorage

/// A recovery of a log with impossible numbers.
@Suite struct LogSurveyTests {
    private let directory = TemporaryDirectory()
    private let session = LogSession(high: 1, low: 2)

    @Test(
        arguments: [
            (first: 0, groups: [], durable: 0, missing: []), (first: 0, groups: [1], durable: 0, missing: []),
            (first: 0, groups: [2], durable: .max, missing: []),
            (first: .max, groups: [.max], durable: .max, missing: []),
            (first: .max, groups: [], durable: 0, missing: []),
            (first: 1, groups: [.max, 2], durable: .max - 1, missing: [1...1, 3...(.max - 1)]),
            (first: 1, groups: [1, 3], durable: 3, missing: [2...2]),
        ] as [(first: UInt64, groups: [UInt64], durable: UInt64, missing: [ClosedRange<UInt64>])])
    func numbersAtTheEndsOfTheirRange(
        first: UInt64, groups: [UInt64], durable: UInt64, missing: [ClosedRange<UInt64>]
    ) throws {
        let file = try SystemDisk().open(directory.path + "/log")
        for (index, sequence) in groups.enumerated() {
            let group = LogGroup(sequence: sequence, payloadSize: 0, count: 0, session: session)
            var head = group.encoded()
            LogGroup.seal(&head, LogGroup.checksum(ofHead: head))
            try file.write(head, at: LogHeader.space + index * LogGroup.block)
        }
        let survey = try LogSurvey([file], session, from: first, durable: durable)
        #expect(survey.missing == missing)
        #expect(survey.groups.map(\.group.sequence) == groups.filter { $0 != .max }.sorted())
        _ = try survey.valid(nil)
    }
}
