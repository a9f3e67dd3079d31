// SPDX-License-Identifier: Apache-2.0
import ArticleClient

/// Where articled is, as the command line or the environment says.
enum EndpointOption {
    static func endpoint(socket: String?, tcp: String?, environment: String?) throws(CommandFailure) -> Endpoint {
        switch (socket, tcp) {
        case (.some, .some): throw .usage("--socket and --tcp exclude each other")
        case (let path?, nil):
            guard !path.isEmpty else { throw .usage("--socket needs a path") }
            return try unix(path, from: "--socket")
        case (nil, let address?): return try parse(tcp: address, from: "--tcp")
        case (nil, nil):
            guard let environment, !environment.isEmpty else { return .systemDefault }
            return try parse(environment)
        }
    }

    /// "unix:PATH", "tcp:HOST:PORT", or a path.
    static func parse(_ text: String) throws(CommandFailure) -> Endpoint {
        if text.hasPrefix("unix:"), text.utf8.count > 5 {
            return try unix(String(text.dropFirst(5)), from: "ARTICLED_ENDPOINT")
        }
        if text.hasPrefix("tcp:") { return try parse(tcp: String(text.dropFirst(4)), from: "ARTICLED_ENDPOINT") }
        if text.hasPrefix("/") { return try unix(text, from: "ARTICLED_ENDPOINT") }
        throw .usage(
            "ARTICLED_ENDPOINT is \"\(text)\"",
            hint: "it should look like unix:/run/articled/articled.sock or tcp:127.0.0.1:7450")
    }

    /// unix(7) has room for so many bytes of a path.
    private static let longestPath = 107

    private static func unix(_ path: String, from origin: String) throws(CommandFailure) -> Endpoint {
        let size = path.utf8.count
        guard size <= longestPath else {
            throw .usage(
                "\(origin): a Unix socket's path has at most \(longestPath) bytes, and this one has \(size): \(path)",
                hint: "name it from a nearer directory, or by a symbolic link")
        }
        return .unix(path: path)
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
