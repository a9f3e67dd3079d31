// SPDX-License-Identifier: Apache-2.0

/// The files of a new plugin: a Swift package that builds as it stands.
struct PluginTemplate: Sendable {
    /// Where articled's own package is, which has HandlerKit.
    enum Dependency: Sendable, Equatable {
        /// A checkout.
        case path(String)
        /// A repository that has version tags.
        case url(String)

        /// What the package manager calls it: the last part of where it is.
        var identity: String {
            let place =
                switch self {
                case .path(let place), .url(let place): place
                }
            let last = place.split(separator: "/").last.map(String.init) ?? place
            return last.hasSuffix(".git") ? String(last.dropLast(4)) : last
        }

        var declaration: String {
            switch self {
            case .path(let path): ".package(path: \"\(path)\")"
            case .url(let url): ".package(url: \"\(url)\", from: \"\(Version.text)\")"
            }
        }
    }

    /// "word-greeter"
    let name: String
    let dependency: Dependency

    /// "WordGreeter": the module, and the library behind "lib".
    var module: String {
        name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// "wordGreeter.greet"
    var method: String { module.prefix(1).lowercased() + module.dropFirst() + ".greet" }

    /// The package of the messages: "wordgreeter".
    private var package: String { module.lowercased() }

    /// By their paths in the package.
    var files: [(path: String, text: String)] {
        [
            ("Package.swift", manifest), (".gitignore", ".build/\n"), ("README.md", readme),
            ("lib\(module).proto", proto), ("Sources/\(module)/Messages.swift", messages),
            ("Sources/\(module)/\(module)Handler.swift", handler), ("Tests/\(module)Tests/GreetingTests.swift", tests),
        ]
    }

    private var manifest: String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(name)",
            products: [.library(name: "\(module)", type: .dynamic, targets: ["\(module)"])],
            dependencies: [\(dependency.declaration)],
            targets: [
                .target(name: "\(module)", dependencies: [.product(name: "HandlerKit", package: "\(dependency.identity)")]),
                .testTarget(name: "\(module)Tests", dependencies: ["\(module)"]),
            ]
        )

        """
    }

    private var proto: String {
        """
        // The messages of \(name). `articlectl call` finds this file beside the library.
        syntax = "proto3";
        package \(package);

        message GreetRequest {     // \(method)
          string name = 1;         // who is greeted; at most 100 bytes
        }

        message GreetResponse {
          string text = 1;
          uint64 letters = 2;      // of the name
        }

        """
    }

    private var messages: String {
        """
        import ArticleProtocol

        // The messages of lib\(module).proto: change both together. A field keeps its number for ever; a new field gets a new
        // number, and an old reader skips it.

        /// \(method): what a client sends.
        struct GreetRequest: ProtocolMessage {
            static var name: String { "\(package).GreetRequest" }

            /// Who is greeted.
            var name = ""

            init() {}

            mutating func merge(from reader: inout WireReader) throws(ServiceError) {
                switch reader.field {
                case 1: name = try reader.string()
                default: try reader.skip()
                }
            }

            func encode(to writer: inout WireWriter) { writer.write(name, at: 1) }
        }

        /// \(method): the answer.
        struct GreetResponse: ProtocolMessage {
            static var name: String { "\(package).GreetResponse" }

            var text = ""
            /// How many letters the name has.
            var letters: UInt64 = 0

            init() {}

            mutating func merge(from reader: inout WireReader) throws(ServiceError) {
                switch reader.field {
                case 1: text = try reader.string()
                case 2: letters = try reader.uint64()
                default: try reader.skip()
                }
            }

            func encode(to writer: inout WireWriter) {
                writer.write(text, at: 1)
                writer.write(letters, at: 2)
            }
        }

        """
    }

    private var handler: String {
        """
        import ArticleProtocol
        import HandlerKit

        /// Answers \(method). Another method is one more `Method` here, and `call.method` in `handle` tells them apart.
        struct \(module)Handler: Handler {
            static var descriptor: PluginDescriptor {
                PluginDescriptor(
                    name: "\(name)", version: "0.1.0",
                    methods: [
                        Method(
                            "\(method)", request: GreetRequest.name, response: GreetResponse.name, role: .read,
                            flags: .idempotent)
                    ])
            }

            /// Called once, when articled starts. `context` has the plugin's section of the configuration, and a log.
            init(context: PluginContext) throws {}

            func handle(_ call: Call, _ responder: consuming Responder) async throws {
                responder.respond(try Self.greet(GreetRequest(decoding: call.payload)))
            }

            /// What a client is told when it errs has a status code, and says what is wrong and where.
            static func greet(_ request: GreetRequest) throws(ServiceError) -> GreetResponse {
                guard request.name.utf8.count <= 100 else {
                    throw ServiceError(.invalidArgument, "name: \\(request.name.utf8.count) bytes; at most 100 are allowed")
                }
                var response = GreetResponse()
                response.text = "Xin chào, \\(request.name.isEmpty ? "bạn" : request.name)!"
                response.letters = UInt64(request.name.count)
                return response
            }
        }

        /// What articled looks for in this library.
        @c(articled_plugin_descriptor)
        public func articledPlugin() -> UnsafeRawPointer? { exportPlugin(\(module)Handler.self) }

        """
    }

    private var tests: String {
        """
        import ArticleProtocol
        import Testing

        @testable import \(module)

        @Suite struct GreetingTests {
            private func request(_ name: String) -> GreetRequest {
                var request = GreetRequest()
                request.name = name
                return request
            }

            @Test func aNameIsGreeted() throws {
                let response = try \(module)Handler.greet(request("Tí"))
                #expect(response.text == "Xin chào, Tí!")
                #expect(response.letters == 2)
            }

            @Test func aLongNameIsRefused() {
                let error = #expect(throws: ServiceError.self) {
                    try \(module)Handler.greet(request(String(repeating: "x", count: 101)))
                }
                #expect(error?.code == .invalidArgument)
            }

            /// What crosses the wire is what the .proto file says.
            @Test func messagesHaveTheirFieldNumbers() throws {
                #expect(request("Tí").encoded() == [0x0a, 3, 0x54, 0xc3, 0xad])
                #expect(try GreetRequest(decoding: [0x0a, 3, 0x54, 0xc3, 0xad, 0x50, 1]) == request("Tí"))
                var response = GreetResponse()
                response.letters = 300
                #expect(response.encoded() == [0x10, 0xac, 2])
                #expect(try GreetResponse(decoding: response.encoded()) == response)
            }
        }

        """
    }

    private var readme: String {
        """
        # \(name)

        A plugin for articled. It answers `\(method)`.

        | file | |
        |---|---|
        | `Sources/\(module)/\(module)Handler.swift` | the handler: what the plugin does |
        | `Sources/\(module)/Messages.swift` | its messages |
        | `lib\(module).proto` | the same messages, for clients in other languages and for `articlectl call` |
        | `Tests/\(module)Tests` | its tests |

        Build it and run its tests. The Swift compiler must be the one that articled was built with:

            swift build -c release
            swift test

        Try it with an articled of your own. In a clone of articled, after deploy/quickstart, the other plugins are in
        CLONE/.build/quickstart/lib/articled:

            from=/usr/lib/articled
            mkdir -p try/plugins
            cp -r $from/models try
            install -m 644 $from/plugins/*.so try/plugins
            install -m 644 .build/release/lib\(module).so lib\(module).proto try/plugins
            articled --listen unix:/tmp/articled.sock --state-directory /tmp/articled --plugins try/plugins &
            articlectl call --socket /tmp/articled.sock \(method) '{"name":"Tí"}'

        Install it:

            sudo install -m 644 .build/release/lib\(module).so lib\(module).proto /usr/lib/articled/plugins
            sudo systemctl restart articled.service

        """
    }
}
