// SPDX-License-Identifier: Apache-2.0
import Testing
import TopicModel
import TopicTraining

@Suite struct ScoringTests {
    private static let composed = "Đội tuyển bóng đá thắng trận chung kết, huấn luyện viên khen cầu thủ."

    @Test func aTextGetsItsTopicWithAProbability() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        #expect(model.topics.map(\.slug) == ["kinh-doanh", "suc-khoe", "the-thao"])
        #expect(model.topics.map(\.trainingArticles) == [10, 10, 10])
        let texts = [
            ("the-thao", "Cầu thủ ghi hai bàn thắng trong trận đấu."),
            ("kinh-doanh", "Ngân hàng tăng lãi suất, giá vàng giảm."),
            ("suc-khoe", "Bệnh nhân được bác sĩ cho uống thuốc."),
        ]
        for (slug, text) in texts {
            let verdict = Sample.verdict(model, text)
            #expect(Sample.slug(model, verdict) == slug)
            #expect(!verdict.isGroundless)
            #expect(verdict.scores.count == 3)
            #expect(abs(verdict.scores.reduce(0, +) - 1) < 1e-5)
            #expect(verdict.language.tag == "vi")
        }
    }

    @Test func decomposedTextScoresAsComposed() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        // Đội tuyển: o + dot below + circumflex, and e + circumflex + hook above, as NFD has them.
        let composed = "\u{110}\u{1ed9}i tuy\u{1ec3}n b\u{f3}ng \u{111}\u{e1}"
        let decomposed = "\u{110}o\u{323}\u{302}i tuye\u{302}\u{309}n bo\u{301}ng \u{111}a\u{301}"
        #expect(Array(composed.utf8) != Array(decomposed.utf8))
        #expect(Sample.verdict(model, composed) == Sample.verdict(model, decomposed))
    }

    @Test func capitalsTonePlacementAndPageLeftOversDoNotMatter() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let plain = Sample.verdict(model, Self.composed)
        #expect(Sample.verdict(model, Self.composed.uppercased()).scores == plain.scores)
        #expect(
            Sample.verdict(model, "khán giả hoà giọng, sức khoẻ").scores
                == Sample.verdict(model, "khán giả hòa giọng, sức khỏe").scores)
        let page = "<p class=\"Lead\">Đội tuyển b&oacute;ng đ&#225;</p> thắng&nbsp;trận"
        #expect(Sample.verdict(model, page).scores == Sample.verdict(model, "\nĐội tuyển bóng đá\n thắng trận").scores)
        #expect(
            Sample.verdict(model, "Ðội tuyển bóng đá").scores == Sample.verdict(model, "Đội tuyển bóng đá").scores,
            "eth for d with stroke, as old fonts had it")
    }

    @Test func textWithoutDiacriticsIsUnderstood() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let texts = [
            ("the-thao", "cau thu ghi hai ban thang trong tran dau"),
            ("kinh-doanh", "ngan hang tang lai suat, gia vang giam"),
            ("suc-khoe", "benh nhan duoc bac si cho uong thuoc"),
        ]
        for (slug, text) in texts {
            let verdict = Sample.verdict(model, text)
            #expect(Sample.slug(model, verdict) == slug)
            #expect(verdict.language.tag == "vi")
        }
    }

    @Test func whatIsNotVietnameseGetsNoTopic() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        for text in ["", "  \n\t", "12 345 6.7", "!!! ... ???", "👍👍👍"] {
            let verdict = Sample.verdict(model, text)
            #expect(verdict.isGroundless && verdict.undecided)
            #expect(verdict.language == .undetermined)
            #expect(Set(verdict.scores).count == 1)
        }
        let english = Sample.verdict(
            model,
            "The bank raised its interest rates for the first time since the crisis, and shares of most companies fell."
        )
        #expect(english.language.tag == "en" && english.language.confidence > 0.7)
        #expect(english.isGroundless && english.undecided)
        let french = Sample.verdict(
            model, "Les joueurs de l'équipe sont arrivés dans la ville pour le match qui aura lieu mardi.")
        #expect(french.language.tag == "fr")
        #expect(french.undecided)
        #expect(Sample.verdict(model, "Команда выиграла матч").undecided)
    }

    @Test func foreignNamesDoNotMakeAForeignText() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let verdict = Sample.verdict(model, "Hôm qua Manchester United thắng Chelsea")
        #expect(verdict.language.tag == "vi")
        #expect(!verdict.isGroundless)
    }

    @Test func doubtIsTold() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let verdict = Sample.verdict(model, "Bác sĩ của đội tuyển gửi tiền vào ngân hàng.")
        #expect(verdict.scores.max().map { $0 < 0.9 } == true, "\(verdict.scores)")
    }

    @Test func whatOnePhraseHasSaidNoOtherSaysAgain() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        // All of these live on "bệnh": it is the first one's, and what is left for the others is their own.
        let verdict = Sample.verdict(model, "", "bệnh nhân, bệnh viện, bệnh tim, phòng bệnh, bị bệnh.", explain: true)
        #expect(verdict.phrases.count > 2, "\(verdict.phrases)")
        #expect(verdict.phrases.reduce(0) { $0 + abs($1.weight) } <= 1.0001, "\(verdict.phrases)")
    }

    @Test func theDecidingPhrasesAreThoseOfTheText() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let title = "Tin tối"
        let body = "Sau TRẬN ĐẤU, huấn luyện viên khen ngợi cầu thủ."
        let verdict = Sample.verdict(model, title, body, explain: true)
        #expect(Sample.slug(model, verdict) == "the-thao")
        let first = try #require(verdict.phrases.first)
        #expect(first.weight > 0)
        #expect(verdict.phrases.allSatisfy { title.contains($0.phrase) || body.contains($0.phrase) })
        #expect(
            verdict.phrases.contains { ["TRẬN ĐẤU", "cầu thủ", "huấn luyện"].contains($0.phrase) },
            "\(verdict.phrases.map(\.phrase))")
        #expect(verdict.phrases.reduce(0) { $0 + abs($1.weight) } <= 1.0001)
        #expect(Sample.verdict(model, title, body).phrases.isEmpty)
    }

    @Test func partsReadOneByOneScoreAsLinesOfOneText() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        let parts = Sample.verdict(model, "Giá vàng tăng", "Ngân hàng giảm lãi suất.")
        #expect(parts.scores == Sample.verdict(model, "Giá vàng tăng\nNgân hàng giảm lãi suất.").scores)
    }

    @Test func aScorerForgetsTheTextBefore() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        var scorer = TopicScorer(model: model)
        let fresh = Sample.verdict(model, Self.composed)
        for _ in 0..<3 {
            scorer.begin()
            scorer.read(String(repeating: "Ngân hàng tăng lãi suất. ", count: 3000))
            _ = scorer.finish()
            scorer.begin()
            scorer.read(Self.composed)
            #expect(scorer.finish() == fresh)
        }
    }

    @Test func bytesThatAreNoTextAreHarmless() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        var scorer = TopicScorer(model: model)
        let text = Array(Self.composed.utf8)
        // Cut at every byte, and with every byte in turn made wrong.
        for index in text.indices {
            scorer.begin()
            unsafe scorer.read(Array(text[..<index]).span.bytes)
            _ = scorer.finish()
            var wrong = text
            wrong[index] = 0xff
            scorer.begin()
            unsafe scorer.read(wrong.span.bytes)
            let verdict = scorer.finish()
            #expect(verdict.scores.allSatisfy { $0.isFinite })
        }
        scorer.begin()
        unsafe scorer.read([UInt8](repeating: 0x26, count: 1 << 20).span.bytes)
        unsafe scorer.read([UInt8](repeating: 0x3c, count: 1 << 20).span.bytes)
        #expect(scorer.finish().isGroundless)
    }

    @Test func utf8ThatEndsAnywhereReadsAsWithReplacementCharacters() throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        var scorer = TopicScorer(model: model)
        // One to four bytes a character, letters of the table and beyond it, marks of their own.
        let bytes = Array("Đội tuyển bo\u{301}ng đá ﬁ \u{1f3c6} thắng ở Ṩ trận đấu\u{300}".utf8)
        for end in 0...bytes.count {
            for start in 0..<min(end, 12) {
                let part = Array(bytes[start..<end])
                scorer.begin()
                unsafe scorer.read(part.span.bytes)  // borrowed for the call alone
                let verdict = scorer.finish()
                #expect(verdict == Sample.verdict(model, String(decoding: part, as: UTF8.self)), "\(start)..<\(end)")
            }
        }
    }

    @Test func aTextOfMoreFeaturesThanBeforeScoresTheSameTwice() throws {
        let directory = try TemporaryDirectory()
        var options = Sample.options
        options.longestPhrase = 4
        try Trainer(options: options).train(Sample.texts).write(to: "\(directory.path)/long")
        let model = try TopicModel(path: "\(directory.path)/long")
        let all = Sample.texts.flatMap(\.parts).joined(separator: "\n")
        var scorer = TopicScorer(model: model)
        var verdicts: [Verdict] = []
        for text in [all, "trận đấu", all] {
            scorer.begin()
            scorer.read(text)
            verdicts.append(scorer.finish())
        }
        #expect(verdicts[0] == verdicts[2], "the table of counts grew while the first was scored")
        #expect(verdicts[1] == Sample.verdict(model, "trận đấu"))
    }
}
