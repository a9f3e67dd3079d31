import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// A plugin's own section of the configuration: what is wrong with it is told, all at once, wherever it is.
@Suite struct PluginConfigurationTests {
    private struct Settings: Decodable, Equatable {
        struct Source: Decodable, Equatable {
            var name: String
            var weight: Double?
        }
        var model: String?
        var workers: Int?
        var limit: UInt8?
        var isStrict: Bool?
        var sources: [Source]?
        var names: [String: Int]?
    }

    private func read(_ json: String) throws(ServiceError) -> Settings {
        try PluginConfiguration(json: Array(json.utf8)).decode(Settings.self) { settings, problems in
            if let workers = settings.workers, workers < 1 {
                problems.add("workers", "\(workers); at least 1 is needed")
            }
        }
    }

    private func problems(_ json: String) -> [String] {
        do throws(ServiceError) {
            _ = try read(json)
            return []
        } catch {
            #expect(error.code == .invalidArgument)
            return error.message.split(separator: "\n").map(String.init)
        }
    }

    @Test func everything() throws {
        let settings = try read(
            """
            {"model": "ữ", "workers": 2, "limit": 255, "isStrict": true, "names": {"any": 1, "name": 2},
             "sources": [{"name": "a", "weight": 1}, {"name": "b"}]}
            """)
        #expect(settings.model == "ữ")
        #expect(settings.workers == 2)
        #expect(settings.limit == 255)
        #expect(settings.isStrict == true)
        #expect(settings.names == ["any": 1, "name": 2])
        #expect(settings.sources == [.init(name: "a", weight: 1), .init(name: "b", weight: nil)])
        #expect(try read("{}") == Settings())
        #expect(try read(#"{"model": null}"#) == Settings())
    }

    @Test func allThatIsWrongAtOnce() {
        #expect(
            problems(
                """
                {"modle": "x", "nonsense": 1, "model": 5, "workers": 0, "limit": 256, "isStrict": "yes",
                 "names": {"a": "b"}, "sources": [{"name": "a", "wieght": 1}]}
                """
            ).sorted() == [
                "isStrict: a string, where true or false belongs",
                "limit: 256 is not between 0 and 255",
                "model: a number, where a string belongs",
                "modle: unknown key; did you mean model?",
                "names.a: a string, where a whole number belongs",
                "nonsense: unknown key; there are: isStrict, limit, model, names, sources, workers",
                "sources[0].wieght: unknown key; did you mean weight?",
                "workers: 0; at least 1 is needed",
            ])
    }

    @Test(arguments: [
        (#"{"sources": [{"name": "a"}, {}]}"#, "sources[1].name: is missing"),
        (#"{"sources": [5]}"#, "sources[0]: a number, where an object belongs"),
        (#"{"sources": {}}"#, "sources: an object, where an array belongs"),
        (#"{"workers": 1.5}"#, "workers: a number, where a whole number belongs"),
        (#"{"workers": 1e300}"#, "workers: a number, where a whole number belongs"),
        ("[]", "an array, where an object belongs"),
    ])
    func oneThing(json: String, problem: String) { #expect(problems(json) == [problem]) }

    @Test(arguments: ["", "{", "no JSON", "\u{0}"])
    func noJSON(json: String) { #expect(problems(json).first?.hasPrefix("the section is no JSON") == true) }

    @Test func nothingToBeConfigured() throws {
        try PluginConfiguration(json: Array("{}".utf8)).expectEmpty()
        let error = #expect(throws: ServiceError.self) {
            try PluginConfiguration(json: Array(#"{"a": 1}"#.utf8)).expectEmpty()
        }
        #expect(error?.message == "a: unknown key; there is nothing to be set")
    }

    /// The host asks before there is a plugin.
    @Test func theHostIsTold() throws {
        let descriptor = try unsafe #require(exportPlugin(Scripted.self)).assumingMemoryBound(to: articled_plugin.self)
        for (json, wanted) in [("{}", ""), (#"{"fials": 1}"#, "fials: unknown key; did you mean fails?")] {
            var text = [CChar](repeating: 0, count: 256)
            var json = json
            let (code, message) = unsafe text.withUnsafeMutableBufferPointer { text in
                var failure = unsafe articled_failure()
                unsafe failure.size = UInt32(MemoryLayout<articled_failure>.size)
                unsafe failure.message = text.baseAddress
                unsafe failure.capacity = text.count
                let code = json.withUTF8 { json in
                    unsafe descriptor.pointee.check(articled_bytes(data: json.baseAddress, size: json.count), &failure)
                }
                let bytes = unsafe UnsafeRawBufferPointer(text)[..<failure.message_size]
                return (code, unsafe String(decoding: bytes, as: UTF8.self))
            }
            #expect(code == UInt32(wanted.isEmpty ? ARTICLED_OK : ARTICLED_INVALID_ARGUMENT))
            #expect(message == wanted)
        }
    }
}
