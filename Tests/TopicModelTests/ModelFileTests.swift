import Testing
import TopicModel
import TopicTraining

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
