// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// A plugin's own section of the configuration: everything that is wrong with it is reported at once, wherever it is.
@Suite struct PluginConfigurationTests {
    private struct Settings: Decodable, Equatable {
        enum Mode: String, Decodable, CaseIterable { case fast, exact }
        enum Order: Int, Decodable {
            case rising = 1
            case falling = -1
        }
        enum Target: Decodable, Equatable {
            case file(path: String)
            case memory
        }
        struct Source: Decodable, Equatable {
            struct Retry: Decodable, Equatable {
                var attempts: Int
                var delay: Double?
            }
            var name: String
            var weight: Double?
            var retry: Retry?
        }
        var model: String?
        var workers: Int?
        var limit: UInt8?
        var isStrict: Bool?
        var mode: Mode?
        var order: Order?
        var target: Target?
        var sources: [Source]?
        var names: [String: Int]?
        var modes: [Mode]?
        var matrix: [[Float]]?
        var pauses: [Int?]?
    }

    /// All but one are needed.
    private struct Mirror: Decodable {
        struct Login: Decodable {
            var user: String
            var groups: [Int]
        }
        var url: String
        var mode: Settings.Mode
        var login: Login
        var port: UInt16
        var isSecure: Bool
        var weight: Float
        var proxy: String?
    }

    private func problems<Section: Decodable>(
        _ json: String, _ type: Section.Type,
        check: (Section, inout SettingsProblems) -> Void = { _, _ in }
    ) -> [String] {
        do throws(ServiceError) {
            _ = try PluginConfiguration(json: Array(json.utf8)).decode(type, check: check)
            return []
        } catch {
            #expect(error.code == .invalidArgument)
            return error.message.split(separator: "\n").map(String.init)
        }
    }

    private func problems(_ json: String) -> [String] { problems(json, Settings.self) }

    private func read(_ json: String) throws(ServiceError) -> Settings {
        try PluginConfiguration(json: Array(json.utf8)).decode(Settings.self)
    }

    @Test func everything() throws {
        let settings = try read(
            """
            {"model": "ữ", "workers": 2.0, "limit": 255, "isStrict": true, "names": {"any": 1, "5": 2},
             "sources": [{"name": "a", "weight": 1, "retry": {"attempts": 3}}, {"name": "b"}], "mode": "exact",
             "order": -1, "target": {"file": {"path": "/a"}}, "modes": ["fast", "fast"], "matrix": [[1, 0.5], []],
             "pauses": [1, null]}
            """)
        #expect(settings.model == "ữ")
        #expect(settings.workers == 2)
        #expect(settings.limit == 255)
        #expect(settings.isStrict == true)
        #expect(settings.names == ["any": 1, "5": 2])
        #expect(settings.mode == .exact)
        #expect(settings.order == .falling)
        #expect(settings.target == .file(path: "/a"))
        #expect(settings.modes == [.fast, .fast])
        #expect(settings.matrix == [[1, 0.5], []])
        #expect(settings.pauses == [1, nil])
        #expect(
            settings.sources == [
                .init(name: "a", weight: 1, retry: .init(attempts: 3)), .init(name: "b", weight: nil),
            ])
        #expect(try read("{}") == Settings())
        #expect(try read(#"{"model": null}"#) == Settings())
    }

    @Test func allThatIsWrongAtOnce() {
        let found = problems(
            """
            {"modle": "x", "nonsense": 1, "model": 5, "workers": 0, "limit": 256, "isStrict": "yes", "mode": "fats",
             "order": 2, "target": {"fiel": {}}, "modes": ["exact", "slow", 1], "matrix": [[1], ["x", 2, null], 3],
             "names": {"a": "b", "c": 1, "5": {}}, "sources": [{"name": "a", "wieght": 1}, {}, {"name": 1, "weight": ""},
             5, {"name": "b", "retry": {"attempts": "many", "delay": [], "dealy": 1}}], "pauses": [null, true]}
            """, Settings.self
        ) { settings, problems in
            if let workers = settings.workers, workers < 1 { problems.add("workers", "must be at least 1") }
            // What is wrong already has a value that nobody wrote.
            if settings.sources?.last?.retry?.attempts != 3 { problems.add("sources[4].retry.attempts", "must be 3") }
            problems.add("", "as a whole")
        }
        let expected = [
            "as a whole", "isStrict: must be true or false, is a string",
            "limit: must be a whole number from 0 to 255, is 256",
            "matrix[1][0]: must be a number, is a string", "matrix[1][2]: must be a number, is null",
            "matrix[2]: must be an array, is a number", "mode: \"fats\" is not one of fast, exact; did you mean fast?",
            "model: must be a string, is a number", "modes[1]: \"slow\" is not one of fast, exact",
            "modes[2]: must be a string, is a number", "modle: unknown member; did you mean mode?",
            "names.5: must be a whole number, is an object", "names.a: must be a whole number, is a string",
            "nonsense: unknown member; there are: isStrict, limit, matrix, mode, model, modes, names, order, pauses, "
                + "sources, target, workers",
            "order: 2 is not a known value", "pauses[1]: must be a whole number, is true or false",
            "sources[0].wieght: unknown member; did you mean weight?", "sources[1].name: is missing",
            "sources[2].name: must be a string, is a number", "sources[2].weight: must be a number, is a string",
            "sources[3]: must be an object, is a number",
            "sources[4].retry.attempts: must be a whole number, is a string",
            "sources[4].retry.dealy: unknown member; did you mean delay?",
            "sources[4].retry.delay: must be a number, is an array", "target.fiel: unknown member",
            "workers: must be at least 1",
        ]
        #expect(found.sorted().filter { !$0.hasPrefix("target: ") } == expected)
        #expect(found.count == expected.count + 1)
    }

    /// A member that is needed does not hide the others when it is wrong.
    @Test func membersThatAreNeeded() {
        #expect(
            problems("{}", Mirror.self) == [
                "url: is missing", "mode: is missing", "login: is missing", "port: is missing", "isSecure: is missing",
                "weight: is missing",
            ])
        #expect(
            problems(
                #"{"url": 1, "mode": "x", "login": {"user": null, "gropus": []}, "port": -1, "isSecure": 0, "weight": "a"}"#,
                Mirror.self
            ).sorted() == [
                "isSecure: must be true or false, is a number", "login.gropus: unknown member; did you mean groups?",
                "login.groups: is missing", "login.user: must be a string, is null",
                "mode: \"x\" is not one of fast, exact", "port: must be a whole number from 0 to 65535, is -1",
                "url: must be a string, is a number", "weight: must be a number, is a string",
            ])
    }

    @Test(arguments: [
        (#"{"sources": {}}"#, "sources: must be an array, is an object"),
        (#"{"workers": 1.5}"#, "workers: must be a whole number, is 1.5"),
        (#"{"workers": 1e300}"#, "workers: must be a whole number, is 1e300"),
        (#"{"matrix": [[1e39]]}"#, "matrix[0][0]: must be a number, is too large"),
        (#"{"target": "memory"}"#, "target: must be an object, is a string"),
        (#"{"a b": 1}"#, #"["a b"]: unknown member; there are: "#), ("[]", "must be an object, is an array"),
        ("", "the section is not valid JSON"), ("{", "the section is not valid JSON"),
        ("no JSON", "the section is not valid JSON"), ("\u{0}", "the section is not valid JSON"),
    ])
    func oneThing(json: String, problem: String) {
        let found = problems(json)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(problem) == true, "\(found)")
    }

    /// A type that decodes by its own rules is as right as with any other decoder.
    @Test func typesWithTheirOwnWays() throws {
        struct OneOrMany: Decodable {
            var names: [String]
            init(from decoder: any Decoder) throws {
                if let name = try? decoder.singleValueContainer().decode(String.self) {
                    names = [name]
                } else {
                    names = try [String](from: decoder)
                }
            }
        }
        struct Range: Decodable {
            struct Empty: Error {}
            enum CodingKeys: CodingKey { case first, last, step, old }
            var first: Int
            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                first = try values.decode(Int.self, forKey: .first)
                // Either kind will do.
                if (try? values.decodeIfPresent(Int.self, forKey: .step)) == nil {
                    _ = try values.decodeIfPresent(String.self, forKey: .step)
                }
                guard try values.decode(Int.self, forKey: .last) > first else { throw Empty() }
            }
        }
        /// Two containers of one object.
        struct Section: Decodable {
            struct Common: Decodable { var isOn: Bool? }
            enum CodingKeys: CodingKey { case lists, range }
            var lists: [OneOrMany]?
            var range: Range?
            var common: Common
            init(from decoder: any Decoder) throws {
                common = try Common(from: decoder)
                let values = try decoder.container(keyedBy: CodingKeys.self)
                lists = try values.decodeIfPresent([OneOrMany].self, forKey: .lists)
                range = try values.decodeIfPresent(Range.self, forKey: .range)
            }
        }
        #expect(
            problems(
                #"{"isOn": true, "lists": ["a", ["b"]], "range": {"first": 1, "last": 2, "step": "x", "old": 1}}"#,
                Section.self) == [])
        #expect(
            problems(
                #"{"isOm": true, "lists": ["a", ["b", 5], 6], "range": {"first": 2, "last": 2, "step": "x"}}"#,
                Section.self
            ).sorted() == [
                "isOm: unknown member; did you mean isOn?", "lists[1][1]: must be a string, is a number",
                "lists[2]: must be an array, is a number", "range: Empty()",
            ])
    }

    @Test func nothingToBeConfigured() throws {
        struct Nothing: Decodable {}
        try PluginConfiguration(json: Array("{}".utf8)).expectEmpty()
        let section = PluginConfiguration(json: Array(#"{"a": 1}"#.utf8))
        let error = #expect(throws: ServiceError.self) { try section.expectEmpty() }
        #expect(error?.message == "a: unknown member; there is nothing to set here")
        #expect(problems(#"{"a": 1}"#, Nothing.self) == ["a: unknown member; there is nothing to set here"])
        // A plugin that declares no type reads its section by itself.
        #expect(problems(#"{"a": 1}"#, AnySettings.self) == [])
    }

    /// Neither a large section nor many mistakes take long.
    @Test(.timeLimit(.minutes(1))) func manyMembers() {
        let members = (0..<50_000).map { #""m\#($0)": \#($0 % 2 == 0 ? "1" : "\"x\"")"# }.joined(separator: ",")
        #expect((10...100).contains(problems(#"{"names": {\#(members)}}"#).count))
        #expect(problems("{\(members)}").count == 100)
    }

    // MARK: What the host asks before there is a plugin

    /// Declares its settings, and does nothing else for them.
    private struct Declaring: Handler {
        static var descriptor: PluginDescriptor { PluginDescriptor(name: "declaring", version: "1") }
        struct Settings: Decodable {
            var classify: Bool?
            var sizes: [Int]?
        }
        init(context: PluginContext) throws {}
    }

    /// Checks a range as well.
    private struct Checking: Handler {
        static var descriptor: PluginDescriptor { PluginDescriptor(name: "checking", version: "1") }
        typealias Settings = Declaring.Settings
        init(context: PluginContext) throws {}
        static func check(_ configuration: PluginConfiguration) throws {
            _ = try configuration.decode(Settings.self) { settings, problems in
                if settings.sizes?.isEmpty == true { problems.add("sizes", "must not be empty") }
            }
        }
    }

    private func check(_ plugin: UnsafeRawPointer?, _ json: String) throws -> (code: UInt32, message: String) {
        let descriptor = try unsafe #require(plugin).assumingMemoryBound(to: articled_plugin.self)
        var text = [CChar](repeating: 0, count: 512)
        var json = json
        return unsafe text.withUnsafeMutableBufferPointer { text in
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
    }

    @Test(arguments: [
        ("{}", ""), (#"{"classify": true, "sizes": [1]}"#, ""),
        (#"{"clasify": true}"#, "clasify: unknown member; did you mean classify?"),
        (
            #"{"classify": "yes", "sizes": [1, "2"]}"#,
            "classify: must be true or false, is a string\nsizes[1]: must be a whole number, is a string"
        ),
    ])
    func theTypeAloneIsEnough(json: String, wanted: String) throws {
        let answers = try unsafe [
            check(exportPlugin(Declaring.self), json), check(exportPlugin(Checking.self), json),
        ]
        for (code, message) in answers {
            #expect(code == UInt32(wanted.isEmpty ? ARTICLED_OK : ARTICLED_INVALID_ARGUMENT))
            #expect(message == wanted)
        }
    }

    @Test func thePluginAddsWhatTheTypeDoesNotTell() throws {
        #expect(try unsafe check(exportPlugin(Declaring.self), #"{"sizes": []}"#).message == "")
        #expect(
            try unsafe check(exportPlugin(Checking.self), #"{"sizes": [], "size": 1}"#).message
                == "size: unknown member; did you mean sizes?\nsizes: must not be empty")
    }
}
