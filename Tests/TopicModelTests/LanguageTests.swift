// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing
import TopicTraining

@testable import TopicModel

@Suite struct LanguageTests {
    private static let foreign = ["en", "fr", "pt", "es", "it", "id", "de"]
    private static let lengths = [6, 8, 12, 20, 30]

    /// Pieces of so many words, each beginning where half of the one before ends.
    private static func pieces(of text: String, _ length: Int) -> [String] {
        let words = text.split { $0.isWhitespace }
        return stride(from: 0, through: words.count - length, by: max(1, length / 2)).map {
            words[$0..<$0 + length].joined(separator: " ")
        }
    }

    private static func withoutMarks(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            let letter = Letter(describing: scalar.value)
            let base = letter.base == 0 ? nil : Unicode.Scalar(letter.base)
            plain.unicodeScalars.append(
                base ?? Unicode.Scalar(Letter.decomposition(of: Int32(scalar.value)).first ?? 32)!)
        }
        return plain
    }

    /// Our own: their marks are those that other languages have, too.
    private static let sharedMarks = """
        Công an Hà Nam khám nhà ông Tân. Giá vàng hôm nay. Giá vàng tháng sáu. Tòa án nhân dân xét án tù.
        Các ông bà làm công nhân nhà máy bán hàng trăm lít xăng, mua vàng, mang sang ngân hàng, lãi năm triệu.
        Bà Lan bán nhà cho con trai, mua xe máy mang sang Lào. Tài xế xe khách không khai báo khi công an hình án khám.
        Hàng hóa tăng giá, dân không mua xăng. Ngân hàng cho vay lãi cao, doanh nhân kêu khó.
        Hai nhà văn trẻ trình bày tác phẩm trong ngày hôm nay. Giáo viên Hà Tĩnh nghỉ hè, sinh viên thi cao.
        Cây xanh che mát cho sân chùa, xóm làng yên bình. Con sông này chia hai bên làng, bà con qua đò.
        Ca sĩ hát hay, khán giả khen. Quán phở nhà ông Hùng, ăn ngon, giá không cao. Thành phố xanh, nhà cao, tàu nhanh.
        """

    @Test func vietnameseIsKnownFromSixSyllablesOn() throws {
        let text = try LanguageSample.text("vi")
        for length in Self.lengths {
            let pieces = Self.pieces(of: text, length)
            let known = pieces.count { Language(of: $0).tag == "vi" }
            #expect(known * 100 >= pieces.count * 98, "\(known) of \(pieces.count) pieces of \(length)")
        }
    }

    @Test(arguments: [4, 6, 8, 12, 20, 30])
    func itIsKnownByMarksThatOtherLanguagesHaveToo(length: Int) {
        // Without the words that only Vietnamese marks make certain.
        let words = Self.sharedMarks.split { !$0.isLetter }.filter { word in
            !word.unicodeScalars.contains {
                (0x1ea0...0x1ef9).contains($0.value) || "ăđơưĂĐƠƯ".unicodeScalars.contains($0)
            }
        }
        for piece in Self.pieces(of: words.joined(separator: " "), length) {
            #expect(Language(of: piece).tag == "vi", "\(piece)")
        }
    }

    @Test(arguments: [
        "Giá vàng hôm nay", "Giá vàng tháng sáu", "tòa án nhân dân", "ngân hàng", "GIÁ VÀNG HÔM NAY",
        "Gia\u{301} va\u{300}ng ho\u{302}m nay", "Hôm qua Manchester United thắng Chelsea",
        "Gia vang hom nay tang manh",
        "Vassilis Lakis Vassilis Tsartas và Zagorakis",
    ])
    func fewSyllablesAreEnough(text: String) {
        #expect(Language(of: text).tag == "vi")
    }

    @Test(arguments: foreign)
    func otherLanguagesAreNotTakenForVietnamese(tag: String) throws {
        let text = try LanguageSample.text(tag)
        for length in Self.lengths {
            for piece in Self.pieces(of: text, length) {
                #expect(Language(of: piece).tag != "vi", "\(piece)")
                #expect(Language(of: Self.withoutMarks(piece)).tag != "vi", "without marks: \(piece)")
            }
        }
    }

    @Test(arguments: [
        "Là où il y a du thé", "Não são da mão e do pão", "Il tè è già lì, ma non è di là", "Sí tú y tu día",
        "La fille est là, le chat est né", "Há mãe que só dá chá", "the",
        "Hội An ancient town hosts a lantern festival",
        "Der Hund ist in dem Haus an dem See", "He can go to the town on the day", "Yang di dalam dan di luar", "é",
        "à",
        "Prime Minister Phạm Minh Chính met the president and ministers of trade in the capital on Monday",
    ])
    func wordsThatAreAlsoSyllablesDeceiveNobody(text: String) {
        #expect(Language(of: text).tag != "vi")
    }

    @Test func textWithoutMarksIsKnownAsBefore() throws {
        let text = Self.withoutMarks(Sample.texts.flatMap(\.parts).joined(separator: " "))
        for length in Self.lengths {
            let pieces = Self.pieces(of: text, length)
            let known = pieces.count { Language(of: $0).tag == "vi" }
            #expect(known * 100 >= pieces.count * 98, "\(known) of \(pieces.count) pieces of \(length)")
        }
    }

    @Test(arguments: ["của", "CỦA", "the", "cua", "của các", "là một", "Và những người này", "một", ""])
    func commonWordsAreNoTopic(text: String) throws {
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        #expect(Sample.verdict(model, text).undecided)
        #expect(Sample.verdict(model, text).saysNothing)
    }

    @Test func spellingKnowsItsRules() {
        func isSyllable(_ text: String) -> Bool {
            let open = OpenSyllable(spelling: text)
            return [Evidence.certain, .marked, .spelled].contains { Int($0.rawValue) == open.ended.kind.evidence }
        }
        for good in ["nghiêng", "quốc", "giặc", "gìn", "khuya", "thuở", "ương", "yến", "kỷ", "quýt", "xoong", "buýt"] {
            #expect(isSyllable(good), "\(good)")
        }
        // ng before ê, k before a, a stop with the tone huyền or none, two tones, no such rhyme.
        for bad in ["ngêng", "kà", "càc", "côt", "báà", "bờuk", "tôn\u{303}\u{301}", "ceo", "qát", "boà"] {
            #expect(!isSyllable(bad), "\(bad)")
        }
    }

    @Test func aGivenLanguageIsBelieved() throws {
        for tag in ["vi", "VI", "vi-VN", "vi_VN", "vie", "vn"] {
            #expect(Language(given: tag) == Language(tag: "vi", confidence: 1))
        }
        #expect(Language(given: "en-US")?.tag == "en")
        for tag in ["", "und", "mul", "x", "Tiếng Việt", "1", "-"] { #expect(Language(given: tag) == nil, "\(tag)") }
        let directory = try TemporaryDirectory()
        let model = try Sample.model(in: directory)
        var scorer = TopicScorer(model: model)
        func verdict(_ text: String, _ language: String) -> Verdict {
            scorer.begin()
            scorer.read(text)
            return scorer.finish(language: language)
        }
        // Detected, it is English.
        let text = "Arsenal, Chelsea: the derby of the cup, trận đấu"
        #expect(verdict(text, "").isGroundless)
        #expect(!verdict(text, "vi").isGroundless)
        #expect(verdict("Đội tuyển bóng đá thắng trận chung kết", "en").isGroundless)
        #expect(!verdict("Đội tuyển bóng đá thắng trận chung kết", "und").isGroundless)
    }
}

/// A text of `Fixtures/Languages`.
enum LanguageSample {
    struct Missing: Error { let path: String }

    static func text(_ tag: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(root)/Fixtures/Languages/\(tag).txt"
        guard let file = unsafe fopen(path, "r") else { throw Missing(path: path) }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
