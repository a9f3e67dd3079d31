// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Testing

@testable import ClassifyHandler

/// A model is loaded only while it is needed.
@Suite struct ModelUnloadTests {
    private let text = ClassifyTextRequest(title: "Trận đấu", body: "Cầu thủ ghi bàn thắng.", explain: false)

    private func classifier(_ sample: Sample, keepsLoaded: Bool = false) throws -> Classifier {
        let json = Array("{model: '\(sample.path)'}".utf8)
        return try Classifier(settings: Classify.Settings(PluginConfiguration(json: json)), keepsLoaded: keepsLoaded)
    }

    @Test func theFirstTextLoadsItForAllWaiters() async throws {
        let classifier = try classifier(Sample())
        #expect(classifier.scoring == nil)
        #expect(classifier.topicsResult.topics.count == 2, "what it is asked about itself needs no model")
        let models = try await withThrowingTaskGroup(of: Scoring.self) { group in
            for _ in 0..<50 { group.addTask { try await classifier.loadedScoring() } }
            return try await group.reduce(into: [Scoring]()) { $0.append($1) }
        }
        let present = try #require(classifier.scoring)
        #expect(models.count == 50 && models.allSatisfy { $0 === present })
        #expect(present.classify(text).topics.first?.slug == "the-thao")
    }

    @Test func itIsUnloadedWhenUnusedAndLoadedAgain() async throws {
        let classifier = try classifier(Sample(), keepsLoaded: true)
        let first = try #require(classifier.scoring)
        #expect(!classifier.unload(ifUnusedFor: .max))
        #expect(classifier.scoring === first)
        #expect(classifier.unload(ifUnusedFor: 0))
        #expect(classifier.scoring == nil)
        #expect(!classifier.unload(ifUnusedFor: 0))
        // Whoever is using it keeps it.
        let before = first.classify(text)
        let again = try await classifier.loadedScoring()
        #expect(again !== first)
        #expect(again.classify(text) == before)
    }

    @Test func aUseKeepsIt() throws {
        let classifier = try classifier(Sample(), keepsLoaded: true)
        let scoring = try #require(classifier.scoring)
        let before = scoring.lastUse
        _ = scoring.classify(text)
        #expect(scoring.lastUse > before)
    }

    @Test func itIsTheVerifiedOneWhateverHasItsNameNow() async throws {
        let sample = try Sample(name: "old")
        let classifier = try classifier(sample)
        try sample.train(name: "new")
        #expect(try await classifier.loadedScoring().classify(text).model == classifier.identity)
        unsafe _ = unlink(sample.path)
        #expect(classifier.unload(ifUnusedFor: 0))
        #expect(try await classifier.loadedScoring().classify(text).model == classifier.identity)
    }

    @Test func oneThatWasWrittenOverIsRefusedUntilItIsRestored() async throws {
        let sample = try Sample(name: "old")
        let classifier = try classifier(sample)
        let good = try Sample.bytes(of: sample.path)
        sample.spoil()
        var error = await #expect(throws: ServiceError.self) { try await classifier.loadedScoring() }
        #expect(error?.code == .failedPrecondition && error?.message.contains("damaged") == true)
        let other = try Sample(name: "other")
        try sample.overwrite(with: Sample.bytes(of: other.path))
        error = #expect(throws: ServiceError.self) { try classifier.waitForScoring() }
        #expect(error?.code == .failedPrecondition && error?.message.contains("overwritten") == true)
        try sample.overwrite(with: good)
        #expect(try await classifier.loadedScoring().classify(text).model == classifier.identity)
    }

    @Test func aReloadKeepsItInMemoryWhereItIsInUse() throws {
        let sample = try Sample()
        let configuration = PluginConfiguration(json: Array("{model: '\(sample.path)'}".utf8))
        let plugin = try Classify(context: PluginContext(configuration: configuration, storage: EmptyStorage()))
        defer { plugin.stop() }
        try plugin.reload(configuration)
        #expect(plugin.classifier.scoring == nil)
        _ = try plugin.classifier.waitForScoring()
        try plugin.reload(configuration)
        #expect(plugin.classifier.scoring != nil)
    }
}
