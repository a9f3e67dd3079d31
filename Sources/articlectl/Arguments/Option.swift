// SPDX-License-Identifier: Apache-2.0
/// An option of a command.
struct Option: Sendable, Equatable {
    /// Without the dashes: "limit".
    let name: String
    /// "-n"; nil for most.
    let short: Character?
    /// What its value is called in the help; nil for a flag.
    let value: String?
    let summary: String
    let repeatable: Bool
    /// Another name that is understood, as "after" for "from".
    let alias: String?

    private init(
        _ name: String, short: Character?, value: String?, _ summary: String, repeatable: Bool, alias: String? = nil
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.summary = summary
        self.repeatable = repeatable
        self.alias = alias
    }

    /// An option without a value.
    static func flag(_ name: String, short: Character? = nil, _ summary: String) -> Option {
        Option(name, short: short, value: nil, summary, repeatable: false)
    }

    /// An option with a value.
    static func value(
        _ name: String, short: Character? = nil, _ value: String, _ summary: String, repeatable: Bool = false,
        alias: String? = nil
    ) -> Option {
        let note = alias.map { "; --\($0) is the same" } ?? ""
        return Option(name, short: short, value: value, summary + note, repeatable: repeatable, alias: alias)
    }

    /// "-n, --limit N"
    var usage: String {
        let start = short.map { "-\($0), " } ?? "    "
        return start + "--\(name)" + (value.map { " \($0)" } ?? "")
    }
}

extension Option {
    /// What every command understands.
    static let common: [Option] = [
        .value("socket", "PATH", "articled's Unix socket; default /run/articled/articled.sock"),
        .value("tcp", "HOST:PORT", "articled's TCP socket instead"),
        .value("tls", "HOST:PORT", "articled's TCP socket with TLS instead"),
        .value(
            "endpoint", "ENDPOINT,...",
            "unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, or several, separated by commas: the first that answers is used"
        ),
        .value("ca", "FILE", "trust these authorities, in PEM, and not the system's; default $ARTICLED_CA"),
        .value("certificate", "FILE", "the client certificate for TLS, in PEM; default $ARTICLED_CERTIFICATE"),
        .value("key", "FILE", "its key, in PEM; default $ARTICLED_KEY"),
        .value("timeout", "SECONDS", "how long a call may take; default 60"),
        .flag("json", "print JSON for programs: one value a line"),
        .flag("help", short: "h", "show this help"),
    ]
}
