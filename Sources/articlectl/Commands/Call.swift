// SPDX-License-Identifier: Apache-2.0

import ArticleClient
import ArticleProtocol
import CLinux
internal import Glibc
import JSONTree
import Spelling

/// Calls any method of any plugin.
struct Call: Command {
    static let description = CommandDescription(
        "call", "call any method of any plugin, with its messages as JSON", operands: "METHOD [JSON|-]", count: 1...2,
        discussion: [
            "`articlectl plugins` shows the methods and their messages. JSON follows the ProtoJSON format of Protocol Buffers: "
                + "fields go by their name or its lowerCamelCase form, bytes are in Base64 (a UUID is taken as well), 64-bit "
                + "numbers may be strings, and values of an enum go by name. Without JSON an empty message is sent; - reads "
                + "it from standard input.",
            "A stream is one JSON value on each line: those of a request are read from standard input, those of a response "
                + "are printed as they come.",
            "The messages of articled itself are known. Those of another plugin are described by a .proto file (proto3) "
                + "beside its library, libNAME.proto beside libNAME.so, or by one that --proto names. Without a description "
                + "use --hex or --raw.",
        ],
        options: [
            .value("proto", "FILE", "a .proto file that describes the messages; may be given again", repeatable: true),
            .flag("describe", "call nothing: show the messages of the method, with their fields"),
            .flag(
                "hex",
                "messages are bytes in hexadecimal, one message a line; without an operand from standard input, unless that is a terminal"
            ),
            .flag("raw", "the message is bytes: standard input is sent as it is, and the answer is printed as it is"),
        ],
        examples: [
            .init("articlectl call store.put --describe", "what to give it, and what it answers"),
            .init("articlectl call service.ping", "an empty message there, and the answer as JSON"),
            .init("articlectl call classify.text '{\"title\":\"Giá vàng\",\"explain\":true}'", "with fields"),
            .init("articlectl call fetch.list '{\"limit\":3,\"view\":\"VIEW_SUMMARY\"}'", "a stream of answers"),
            .init("articlectl call words.count --proto words.proto '{\"id\":\"ID\"}'", "a method of your own plugin"),
            .init("articlectl call greeter.hello --raw < name.bin > answer.bin", "bytes, whatever they mean"),
        ])

    private enum Way { case json, hex, raw, describe }

    private let name: String
    private let operand: String?
    private let files: [String]
    private let way: Way

    init(_ arguments: Arguments) throws {
        name = arguments.operands[0]
        operand = arguments.operands.dropFirst().first
        files = arguments.values("proto")
        let (hex, raw, describe) = (arguments.flag("hex"), arguments.flag("raw"), arguments.flag("describe"))
        guard [hex, raw, describe].filter(\.self).count <= 1 else {
            throw CommandFailure.usage("--describe, --hex and --raw exclude each other")
        }
        guard !raw || operand == nil || operand == "-" else {
            throw CommandFailure.usage("--raw reads the message from standard input", hint: "--hex takes it as digits")
        }
        guard !describe || operand == nil else { throw CommandFailure.usage("--describe sends no message") }
        way = describe ? .describe : hex ? .hex : raw ? .raw : .json
    }

    func run(_ session: Session) async throws -> ExitCode {
        let service = try await session.client.describe()
        guard let method = service.methods.first(where: { $0.name == name }) else {
            let meant = Suggestion.closest(to: name, among: service.methods.map(\.name))
            throw CommandFailure(
                .unavailable, "the service has no method \(name)",
                hint: meant.map { "did you mean \($0)?" } ?? "`articlectl plugins` shows the methods")
        }
        let form = try form(method, service)
        if way == .describe, case .json(let schema, let request, let response) = form {
            try describe(method, schema.text(of: [request, response]), session)
            return .success
        }
        let interrupt = clinux_eventfd()
        defer { close(interrupt) }
        let input = try CallInput(operand, form: form, isStream: method.streamRequest, interrupt: interrupt)
        do {
            if method.streamRequest {
                try await exchange(input, method, form, session, interrupt)
            } else {
                let request = try input.next() ?? []
                if method.streamResponse {
                    for try await message in session.client.stream(name, payload: request) {
                        try show(message, form, session)
                    }
                } else {
                    try await show(session.client.call(name, payload: request), form, session)
                }
            }
        } catch let error as ClientError {
            let failure = method.idempotent ? CommandFailure(error) : CommandFailure(ofChange: error)
            guard failure.code == .outcomeUnknown else { throw failure }
            throw CommandFailure(
                failure.code, failure.message, hint: "the method may or may not have done its work",
                request: failure.request)
        }
        return .success
    }

    /// Sends the messages and prints the answers at the same time.
    private func exchange(
        _ input: CallInput, _ method: MethodDescription, _ form: CallForm, _ session: Session, _ interrupt: Int32
    ) async throws {
        let stream = session.client.open(name, streamsResponse: method.streamResponse)
        async let sent = Self.send(input, to: stream)
        var failure: (any Error)?
        do {
            while let message = try await stream.next() {
                try show(message, form, session)
                try session.output.flush()
            }
        } catch {
            failure = error
        }
        // The call is over; whoever waits for more input need not.
        _ = clinux_eventfd_signal(interrupt)
        // A bad message ended the call, and not the other way round.
        if let reason = await sent { throw reason }
        if let failure { throw failure }
    }

    /// - Returns: why a message cannot be sent. The call is cancelled then.
    private static func send(_ input: CallInput, to stream: CallStream) async -> CommandFailure? {
        do {
            while let message = try input.next() { try await stream.send(message) }
            stream.finish()
            return nil
        } catch let failure as CommandFailure {
            stream.cancel()
            return failure
        } catch {
            return nil  // the call has ended, and its receiving side says why
        }
    }

    private func describe(_ method: MethodDescription, _ text: String, _ session: Session) throws(CommandFailure) {
        let request = (method.streamRequest ? "stream of " : "") + method.requestType
        let response = (method.streamResponse ? "stream of " : "") + method.responseType
        if session.json {
            let members: [(String, JSON)] = [
                ("method", .string(name)), ("request", .string(request)), ("response", .string(response)),
                ("role", .string(method.role)), ("messages", .string(text)),
            ]
            return try session.output.line(JSON.object(members).text)
        }
        try session.output.write(
            Sanitised.text("// \(name): \(request) -> \(response), \(method.role)\n\n" + text, keepingLines: true))
    }

    private func show(_ message: [UInt8], _ form: CallForm, _ session: Session) throws(CommandFailure) {
        try session.output.write(bytes: form.decode(message))
    }

    // MARK: Descriptions

    private func form(_ method: MethodDescription, _ service: ServiceDescription) throws(CommandFailure) -> CallForm {
        switch way {
        case .hex: return .hex
        case .raw:
            guard !method.streamRequest, !method.streamResponse else {
                throw .usage("\(name) has streams of messages, which --raw cannot tell apart", hint: "use --hex")
            }
            return .raw
        case .json, .describe: break
        }
        var schema = ArticlesProto.schema
        let library = service.plugins.first { $0.name == method.plugin }?.path ?? ""
        var read = files
        if let file = SchemaFile.beside(library: library) { read.insert(file, at: 0) }
        for file in read { schema.add(try SchemaFile.read(file)) }
        for type in [method.requestType, method.responseType] where schema.messages[type] == nil {
            let beside = library.hasSuffix(".so") ? ", as \(library.dropLast(3)).proto" : ""
            throw CommandFailure(
                .data, "\(name): nothing describes the message \(type)",
                hint: "name its .proto file with --proto, or put it beside the plugin\(beside); --hex needs none")
        }
        return .json(schema, request: method.requestType, response: method.responseType)
    }
}
