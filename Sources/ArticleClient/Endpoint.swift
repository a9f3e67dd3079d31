// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The address of an articled service.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// A Unix socket at a path of 1 to 107 bytes. A leading `@` names an abstract socket.
    case unix(path: String)
    /// A TCP socket. A host name is resolved for each connection, which takes as long as the resolver needs. A numeric
    /// address needs no resolver.
    case tcp(host: String, port: UInt16)

    /// The socket of `articled.socket`: `/run/articled/articled.sock`.
    public static var systemDefault: Endpoint { .unix(path: "/run/articled/articled.sock") }

    /// The endpoint as text: `unix:/run/articled/articled.sock`, `tcp:127.0.0.1:7450`, `tcp:[::1]:7450`.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
        }
    }
}

extension Endpoint {
    /// Reads an endpoint: `unix:PATH`, `tcp:HOST:PORT`, or an absolute path.
    ///
    /// - Throws: ``ClientError/Kind/misuse``, with what was expected.
    public init(_ text: String) throws(ClientError) { try self.init(text, from: "the endpoint") }

    /// The endpoint that the environment variable `ARTICLED_ENDPOINT` names. Without it, or if it is empty:
    /// ``systemDefault``. This is what articlectl and the Python client use, too.
    ///
    /// - Throws: ``ClientError/Kind/misuse`` if the variable is not an endpoint.
    public static func environment() throws(ClientError) -> Endpoint { try named(by: environmentText) }

    /// - Parameter text: the variable's value, if it is set.
    static func named(by text: String?) throws(ClientError) -> Endpoint {
        guard let text, !text.isEmpty else { return .systemDefault }
        return try Endpoint(text, from: variable)
    }

    /// - Parameter origin: where the text comes from, for messages.
    package init(_ text: String, from origin: String) throws(ClientError) {
        if text.hasPrefix("unix:"), text.utf8.count > 5 {
            self = try .unix(String(text.dropFirst(5)), from: origin)
        } else if text.hasPrefix("tcp:") {
            self = try .tcp(String(text.dropFirst(4)), from: origin)
        } else if text.hasPrefix("/") {
            self = try .unix(text, from: origin)
        } else {
            throw .misuse(
                "\(origin) is \"\(text)\": it should look like unix:/run/articled/articled.sock or tcp:127.0.0.1:7450")
        }
    }

    /// Whether the environment names this endpoint.
    var isFromEnvironment: Bool {
        guard let text = Self.environmentText else { return false }
        return (try? Endpoint(text, from: Self.variable)) == self
    }

    static let variable = "ARTICLED_ENDPOINT"

    private static var environmentText: String? {
        guard let value = unsafe getenv(variable) else { return nil }
        return unsafe String(cString: value)
    }

    /// unix(7) has room for this many bytes of a path.
    private static let maxPathBytes = 107

    package static func unix(_ path: String, from origin: String) throws(ClientError) -> Endpoint {
        let size = path.utf8.count
        guard size <= maxPathBytes else {
            throw .misuse(
                "\(origin): a Unix socket's path has at most \(maxPathBytes) bytes, and this one has \(size): \(path). "
                    + "Use a shorter directory, or a symbolic link")
        }
        return .unix(path: path)
    }

    /// "127.0.0.1:7450", "[::1]:7450"
    package static func tcp(_ text: String, from origin: String) throws(ClientError) -> Endpoint {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else {
            throw .misuse("\(origin) \(text): HOST:PORT is expected, such as 127.0.0.1:7450 or [::1]:7450")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .misuse("\(origin) \(text): there is no host before the port") }
        return .tcp(host: String(host), port: port)
    }
}
