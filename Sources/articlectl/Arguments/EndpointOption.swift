import ArticleClient

/// Where articled is, as the command line or the environment says.
enum EndpointOption {
    static func endpoint(socket: String?, tcp: String?, environment: String?) throws(CommandFailure) -> Endpoint {
        switch (socket, tcp) {
        case (.some, .some): throw .usage("--socket and --tcp exclude each other")
        case (let path?, nil):
            guard !path.isEmpty else { throw .usage("--socket needs a path") }
            return .unix(path: path)
        case (nil, let address?): return try parse(tcp: address, from: "--tcp")
        case (nil, nil):
            guard let environment, !environment.isEmpty else { return .systemDefault }
            return try parse(environment)
        }
    }

    /// "unix:PATH", "tcp:HOST:PORT", or a path.
    static func parse(_ text: String) throws(CommandFailure) -> Endpoint {
        if text.hasPrefix("unix:"), text.utf8.count > 5 { return .unix(path: String(text.dropFirst(5))) }
        if text.hasPrefix("tcp:") { return try parse(tcp: String(text.dropFirst(4)), from: "ARTICLED_ENDPOINT") }
        if text.hasPrefix("/") { return .unix(path: text) }
        throw .usage(
            "ARTICLED_ENDPOINT is \"\(text)\"",
            hint: "it should look like unix:/run/articled/articled.sock or tcp:127.0.0.1:7450")
    }

    /// "127.0.0.1:7450", "[::1]:7450"
    private static func parse(tcp text: String, from origin: String) throws(CommandFailure) -> Endpoint {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else {
            throw .usage("\(origin) \(text): HOST:PORT is expected, as 127.0.0.1:7450 or [::1]:7450")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .usage("\(origin) \(text): there is no host before the port") }
        return .tcp(host: String(host), port: port)
    }
}
