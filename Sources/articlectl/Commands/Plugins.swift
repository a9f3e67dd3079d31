// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// Lists the plugins that articled has loaded.
struct Plugins: Command {
    static let description = CommandDescription(
        "plugins", "list articled's plugins and their methods",
        discussion: [
            "For each method: the messages that it takes and gives, and the role that it needs. On a narrow terminal names are cut; "
                + "--json shows everything."
        ],
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
        let methods = Dictionary(service.methods.map { ($0.name, $0) }) { first, _ in first }
        let layout = table(service.plugins.flatMap(\.methods), methods).layout(width: session.terminal.tableWidth)
        for (index, plugin) in service.plugins.enumerated() {
            if index > 0, session.terminal.showsOutput { try session.output.line() }
            for line in head(plugin, session) { try session.output.line(line) }
            if session.terminal.showsOutput {
                if index == 0 { try session.output.line(layout.head(session.style)) }
                for line in table(plugin.methods, methods).lines(in: layout, style: session.style) {
                    try session.output.line(line)
                }
                continue
            }
            for name in plugin.methods {
                let facts = methods[name].map { "\(Self.messages($0)), \($0.role)" } ?? ""
                try session.output.line("  " + Sanitised.text(name.padded(to: 22) + facts))
            }
        }
        return .success
    }

    /// Name and version, then where it was loaded from and what it was built with.
    private func head(_ plugin: PluginDescription, _ session: Session) -> [String] {
        let name = session.style.bold(Sanitised.text("\(plugin.name) \(plugin.version)"))
        let facts = ["\(plugin.path)", "ABI \(plugin.abi)", plugin.runtime].filter { !$0.isEmpty }.map {
            Sanitised.text($0)
        }
        let width = session.terminal.tableWidth ?? .max
        return [name + (plugin.storage ? ", the storage engine" : "")]
            + Wrapping.join(facts, by: ", ", indent: 0, width: width == .max ? width : width - 2)
            .map { session.style.faint("  " + $0) }
    }

    /// The methods' rows, set in by two columns.
    private func table(_ names: [String], _ methods: [String: MethodDescription]) -> Table {
        var table = Table([
            .init("  METHOD"), .init("REQUEST -> RESPONSE", flexible: true, atLeast: 24), .init("ROLE"),
        ])
        for name in names {
            table.append(["  " + name, methods[name].map(Self.messages) ?? "", methods[name]?.role ?? ""])
        }
        return table
    }

    /// "PutRequest -> PutResult"
    private static func messages(_ method: MethodDescription) -> String {
        func short(_ name: String, _ stream: Bool) -> String {
            (stream ? "stream of " : "") + (name.split(separator: ".").last.map(String.init) ?? name)
        }
        return short(method.requestType, method.streamRequest) + " -> "
            + short(method.responseType, method.streamResponse)
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
