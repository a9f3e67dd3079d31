// SPDX-License-Identifier: Apache-2.0
import Testing
import TopicTraining

@testable import TopicModel

@Suite struct ModelFileTests {
    @Test func theSameDataAndSeedGiveTheSameFile() throws {
        let directory = try TemporaryDirectory()
        for name in ["one", "other"] {
            try Trainer(options: Sample.options).train(Sample.texts).write(to: "\(directory.path)/\(name)")
        }
        #expect(!directory.bytes("one").isEmpty)
        let same = directory.bytes("one") == directory.bytes("other")
        #expect(same, "also while other tests train in this process")
    }

    @Test func theDescriptionComesBack() throws {
        let directory = try TemporaryDirectory()
        var options = Sample.options
        options.names = ["the-thao": "Thể thao trong nước"]
        options.provenance = ["our own sentences", "two\nlines"]
        try Trainer(options: options).train(Sample.texts).write(to: "\(directory.path)/model")
        let model = try TopicModel(path: "\(directory.path)/model")
        #expect(model.description.name == "sample")
        #expect(model.topics.last?.name == "Thể thao trong nước")
        #expect(model.description.provenance == ["our own sentences", "two lines"])
        #expect(model.threshold == 0.4)
        #expect(model.identity.hasPrefix("sample (") && model.identity.utf8.count == 17)
        #expect(model.fileSize == directory.bytes("model").count)
    }

    @Test func aFileThatChangedAnywhereIsRefused() throws {
        let directory = try TemporaryDirectory()
        _ = try Sample.model(in: directory)
        let whole = directory.bytes("sample.topics")
        // Every byte of the header and the biases, and then one in 97.
        let places = Array(0..<152) + Array(stride(from: 152, to: whole.count, by: 97))
        for place in places {
            var changed = whole
            changed[place] ^= 0x10
            let path = directory.write(changed, to: "changed")
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            let expected: TopicModelError.Code = place < 8 ? .foreign : place < 12 ? .unsupported : .damaged
            #expect(error?.code == expected, "byte \(place)")
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func anOlderFormatIsRefusedByName() throws {
        let directory = try TemporaryDirectory()
        _ = try Sample.model(in: directory)
        var older = directory.bytes("sample.topics")
        older[8] = 1
        let path = directory.write(older, to: "older")
        let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("is a topic model of format 1; this version reads format 2") == true)
        #expect(error?.message.contains("articlectl train") == true)
    }

    /// A model file with another header, and a checksum that fits it.
    private static func changed(
        _ file: [UInt8], flags: UInt32, thirdShare: Float = 0, brevity: Float = 0
    ) -> [UInt8] {
        var bytes = file
        func put(_ number: UInt32, at offset: Int) {
            for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt32(index * 8)) }
        }
        put(flags, at: 36)
        put(thirdShare.bitPattern, at: 88)
        put(brevity.bitPattern, at: 92)
        put(
            unsafe bytes.withUnsafeBytes { unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[16...])) }, at: 12
        )
        return bytes
    }

    @Test func aModelThatAsksForMoreThanWeCanIsRefusedByItsFlags() throws {
        let directory = try TemporaryDirectory()
        _ = try Sample.model(in: directory)
        let whole = directory.bytes("sample.topics")
        #expect(whole[36] & 3 == 3, "Vietnamese, with thirds")
        for flags: UInt32 in [8, 15, 0x8000_0003] {
            let path = directory.write(Self.changed(whole, flags: flags, thirdShare: 0.125), to: "newer")
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("for a newer version: its flags \(flags)") == true)
        }
    }

    @Test func aCalibrationThatCannotBeIsRefused() throws {
        let directory = try TemporaryDirectory()
        _ = try Sample.model(in: directory)
        let whole = directory.bytes("sample.topics")
        for (flags, share): (UInt32, Float) in [(2, 0.1), (2, 1.0 / 3), (1, 0)] {
            let path = directory.write(Self.changed(whole, flags: flags, thirdShare: share), to: "right")
            #expect(throws: Never.self) { _ = try TopicModel(path: path) }
        }
        for (flags, share): (UInt32, Float) in [(3, 0), (3, -0.1), (2, 0.34), (2, .nan), (2, .infinity), (1, 0.1)] {
            let path = directory.write(Self.changed(whole, flags: flags, thirdShare: share), to: "wrong")
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            #expect(error?.code == .damaged, "flags \(flags), share \(share)")
            #expect(error?.message.contains("share of \(share)") == true)
        }
        for (flags, brevity): (UInt32, Float) in [(5, 0), (4, -1), (4, 4.1), (4, .nan), (4, .infinity), (1, 1)] {
            let path = directory.write(Self.changed(whole, flags: flags, brevity: brevity), to: "wrong")
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            #expect(error?.code == .damaged, "flags \(flags), brevity \(brevity)")
            #expect(error?.message.contains("brevity of \(brevity)") == true)
        }
    }

    @Test func aFileThatWasCutIsRefused() throws {
        let directory = try TemporaryDirectory()
        _ = try Sample.model(in: directory)
        let whole = directory.bytes("sample.topics")
        for size in Array(0...160) + [whole.count / 2, whole.count - 1] {
            let path = directory.write(Array(whole[..<size]), to: "cut")
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            #expect(error?.code == (size < 16 ? .foreign : .damaged), "\(size) bytes")
        }
    }

    @Test func otherFilesAreRefused() throws {
        let directory = try TemporaryDirectory()
        func code(_ path: String) -> TopicModelError.Code? {
            let error = #expect(throws: TopicModelError.self) { try TopicModel(path: path) }
            return error?.code
        }
        #expect(code("\(directory.path)/missing") == .unreadable)
        #expect(code(directory.path) == .foreign)
        #expect(code(directory.write(Array("{\"label\": \"x\"}".utf8), to: "text")) == .foreign)
    }

    @Test func dataThatCannotBeLearnedFromIsRefused() throws {
        func message(_ texts: [LabelledText], _ options: TrainingOptions = Sample.options) -> String {
            do {
                let writer = try Trainer(options: options).train(texts)
                _ = consume writer
                return ""
            } catch {
                return error.message
            }
        }
        #expect(message([]).contains("0 topics"))
        #expect(message(Sample.texts.filter { $0.label == "Thể thao" }).contains("1 topics"))
        #expect(message(Sample.texts + [LabelledText(label: "Lạ", parts: ["một"])]).contains("\"Lạ\" has 1 articles"))
        let twin = Sample.sport.map { LabelledText(label: "The thao", parts: [$0]) }
        #expect(message(Sample.texts + twin).contains("both make the slug the-thao"))
        #expect(
            message(Sample.texts.map { LabelledText(label: "日本" + $0.label.filter { _ in false }, parts: $0.parts) })
                != "")
        var options = Sample.options
        options.fewestArticles = 31
        #expect(message(Sample.texts, options).contains("nothing to learn"))
        options.fewestArticles = 0
        #expect(message(Sample.texts, options).contains("fewest"))
    }
}
