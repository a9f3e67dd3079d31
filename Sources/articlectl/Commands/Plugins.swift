import ArticleClient
import ArticleProtocol

/// Lists the plugins that articled has loaded.
struct Plugins: Command {
    static let description = CommandDescription(
        "plugins", "list articled's plugins and their methods",
        examples: [
            .init("articlectl plugins", "names, versions, methods"),
            .init("articlectl plugins --json", "with paths and message types, for a program"),
        ])

    init(_ arguments: Arguments) throws {}

    func run(_ session: Session) async throws -> ExitCode {
        let service = try await session.client.describe()
        if session.json {
            try session.output.line(json(service).text)
            return .success
        }
        for plugin in service.plugins {
            let kind = plugin.storage ? ", the storage engine" : ""
            let name = Sanitised.text("\(plugin.name) \(plugin.version)")
            try session.output.line(session.style.bold(name) + kind)
            let facts = "  \(plugin.path), ABI \(plugin.abi)" + (plugin.runtime.isEmpty ? "" : ", \(plugin.runtime)")
            try session.output.line(session.style.faint(Sanitised.text(facts)))
            for name in plugin.methods {
                let method = service.methods.first { $0.name == name }
                try session.output.line("  " + Sanitised.text(name.padded(to: 22) + (method.map(Self.shape) ?? "")))
            }
        }
        return .success
    }

    /// "PutRequest -> PutResult, write"
    private static func shape(_ method: MethodDescription) -> String {
        func short(_ name: String, _ stream: Bool) -> String {
            (stream ? "stream of " : "") + (name.split(separator: ".").last.map(String.init) ?? name)
        }
        return short(method.requestType, method.streamRequest) + " -> "
            + short(method.responseType, method.streamResponse)
            + ", " + method.role
    }

    private func json(_ service: ServiceDescription) -> JSON {
        let plugins = service.plugins.map { plugin in
            JSON.object([
                ("name", .string(plugin.name)), ("version", .string(plugin.version)), ("path", .string(plugin.path)),
                ("runtime", .string(plugin.runtime)), ("abi", .string(plugin.abi)), ("storage", .bool(plugin.storage)),
                ("methods", .array(plugin.methods.map { .string($0) })),
            ])
        }
        let methods = service.methods.map { method in
            JSON.object([
                ("name", .string(method.name)), ("number", .integer(method.number)),
                ("request_type", .string(method.requestType)), ("response_type", .string(method.responseType)),
                ("stream_request", .bool(method.streamRequest)), ("stream_response", .bool(method.streamResponse)),
                ("idempotent", .bool(method.idempotent)), ("role", .string(method.role)),
                ("plugin", .string(method.plugin)),
            ])
        }
        return .object([
            ("version", .string(service.version)), ("protocol", .integer(service.protocolVersion)),
            ("plugins", .array(plugins)),
            ("methods", .array(methods)),
        ])
    }
}
