// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import ClassifyHandler

@Suite struct ModelReplacementTests {
    private func configuration(_ text: String) -> PluginConfiguration { PluginConfiguration(json: Array(text.utf8)) }

    private func plugin(_ json: String) throws -> Classify {
        try Classify(context: PluginContext(configuration: configuration(json), storage: EmptyStorage()))
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return (error as? ServiceError)?.message ?? "\(error)"
        }
    }

    @Test func aReloadTakesTheModelThatLiesThereNow() throws {
        let sample = try Sample(name: "old")
        let plugin = try plugin("{model: '\(sample.path)'}")
        defer { plugin.stop() }
        let old = plugin.classifier
        #expect(old.identity.hasPrefix("old ("))
        try sample.train(name: "new")
        try plugin.reload(configuration("{model: '\(sample.path)', threshold: 0.99}"))
        #expect(plugin.classifier.identity.hasPrefix("new ("))
        #expect(plugin.classifier.topicsResult.threshold == 0.99)
        // A request that began with the old model still has it.
        let text = ClassifyTextRequest(title: "Trận đấu", body: "Cầu thủ ghi bàn thắng.", explain: false)
        let answer = try old.waitForScoring().classify(text)
        #expect(answer.model.hasPrefix("old ("))
        #expect(answer.topics.first?.slug == "the-thao")
    }

    @Test func aBadModelLeavesTheOldOneInForce() throws {
        let sample = try Sample()
        let plugin = try plugin("{model: '\(sample.path)'}")
        defer { plugin.stop() }
        let identity = plugin.classifier.identity
        let missing = message { try plugin.reload(configuration("{model: '/nowhere/x.topics'}")) }
        #expect(missing.contains("/nowhere/x.topics") && missing.contains("classify.model"))
        try sample.train(name: "other")
        sample.spoil()
        #expect(message { try plugin.reload(configuration("{model: '\(sample.path)'}")) }.contains("damaged"))
        #expect(message { try plugin.reload(configuration("{thresold: 0.5}")) }.contains("thresold"))
        #expect(plugin.classifier.identity == identity)
        let text = ClassifyTextRequest(title: "", body: "Ngân hàng giảm lãi suất.", explain: false)
        #expect(try plugin.classifier.waitForScoring().classify(text).topics.first?.slug == "kinh-doanh")
    }

    /// A check reads the model that the section names, with everything else that is wrong.
    @Test func aCheckReadsTheModel() throws {
        let sample = try Sample()
        func problems(_ json: String) -> [Substring] {
            message { try Classify.check(configuration(json)) }.split(separator: "\n")
        }
        #expect(problems("{model: '\(sample.path)', workers: 2}") == [])
        sample.spoil()
        let found = problems("{model: '\(sample.path)', workers: 0}")
        #expect(found.count == 2)
        #expect(found.contains { $0.hasPrefix("model: \(sample.path) is damaged") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("workers: ") }, "\(found)")
        let missing = problems("{model: '/nowhere/x'}").first
        #expect(missing?.hasPrefix("model: cannot read the topic model /nowhere/x") == true)
    }

    @Test func invalidSettingsAreRefusedAtTheStart() throws {
        let sample = try Sample()
        for (setting, word) in [
            ("threshold: 1.5", "threshold"), ("workers: 0", "workers"), ("mostWaiting: 0", "mostWaiting"),
            ("workers: 'two'", "workers"),
        ] {
            let told = message { try plugin("{model: '\(sample.path)', \(setting)}").stop() }
            #expect(told.contains(word), "\(setting): \(told)")
        }
        sample.spoil()
        #expect(message { try plugin("{model: '\(sample.path)'}").stop() }.contains("damaged"))
    }

    @Test func answersAreOrderedAndExplained() throws {
        let sample = try Sample()
        let plugin = try plugin("{model: '\(sample.path)', threshold: 0}")
        defer { plugin.stop() }
        let scoring = try plugin.classifier.waitForScoring()
        let answer = scoring.classify(
            ClassifyTextRequest(title: "Bóng đá", body: "Cầu thủ ghi bàn thắng ở phút cuối.", explain: true))
        #expect(answer.topics.map(\.slug) == ["the-thao", "kinh-doanh"])
        #expect(answer.topics.map(\.name) == ["Thể thao", "Kinh doanh"])
        #expect(!answer.undecided && answer.language == "vi")
        #expect(answer.evidence.first?.topic == "the-thao")
        #expect(answer.evidence.contains { "Bóng đá Cầu thủ ghi bàn thắng ở phút cuối.".contains($0.phrase) })
        let empty = scoring.classify(ClassifyTextRequest(title: "", body: "", explain: true))
        #expect(empty.undecided && empty.language == "und" && empty.evidence.isEmpty)
        #expect(empty.topics.allSatisfy { $0.score == 0.5 })
    }
}
