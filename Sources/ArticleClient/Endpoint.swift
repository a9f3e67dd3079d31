// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The address of an articled service.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// A Unix socket at a path of 1 to 107 bytes. A leading `@` names an abstract socket.
    case unix(path: String)
    /// A TCP socket. A host name is resolved for each connection, which takes as long as the resolver needs. A numeric
    /// address needs no resolver.
    case tcp(host: String, port: UInt16)
    /// A TCP socket with TLS 1.3. The service's certificate must be valid, of an authority in `trust`, and for `host`, which
    /// may be a numeric address. `identity` is for a service that wants to know its clients.
    case tls(host: String, port: UInt16, identity: TLSIdentity? = nil, trust: TLSTrust = .system)

    /// The socket of `articled.socket`: `/run/articled/articled.sock`.
    public static var systemDefault: Endpoint { .unix(path: "/run/articled/articled.sock") }

    /// The endpoint as text: `unix:/run/articled/articled.sock`, `tcp:127.0.0.1:7450`, `tcp:[::1]:7450`,
    /// `tls:articles.example:7450`. Identity and trust are not part of it.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): Self.text("tcp", host, port)
        case .tls(let host, let port, _, _): Self.text("tls", host, port)
        }
    }
}

extension Endpoint {
    private static func text(_ scheme: String, _ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "\(scheme):[\(host)]:\(port)" : "\(scheme):\(host):\(port)"
    }

    /// Reads an endpoint: `unix:PATH`, `tcp:HOST:PORT`, `tls:HOST:PORT`, or an absolute path. One with TLS has the system's
    /// trust, and no identity.
    ///
    /// - Throws: ``ClientError/Kind/misuse``, with what was expected.
    public init(_ text: String) throws(ClientError) { try self.init(text, from: "the endpoint") }

    /// The most endpoints that a client can have: 64.
    public static let maxCount = 64

    /// Reads a list of endpoints, separated by commas: `unix:/run/articled/articled.sock, tcp:10.0.0.2:7450`. Spaces around
    /// them do not matter. A repeated endpoint counts once. The path of a socket in a list can have no comma.
    ///
    /// - Returns: 1 to ``maxCount`` endpoints.
    /// - Throws: ``ClientError/Kind/misuse``, with the element that is wrong and what was expected.
    public static func list(_ text: String) throws(ClientError) -> [Endpoint] {
        try list(text, from: "the list of endpoints")
    }

    /// - Parameter origin: where the text comes from, for messages.
    package static func list(_ text: String, from origin: String) throws(ClientError) -> [Endpoint] {
        let elements = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        guard elements.count > 1 else { return [try Endpoint(elements[0], from: origin)] }
        var endpoints: [Endpoint] = []
        for (index, element) in elements.enumerated() {
            let place = "element \(index + 1) of \(origin)"
            guard !element.isEmpty else {
                throw .misuse("\(place) is empty: one comma belongs between two endpoints, and none at the end")
            }
            endpoints.append(try Endpoint(element, from: place))
        }
        return try checked(endpoints, origin)
    }

    /// The endpoints without repetitions. Throws if there are none, or too many.
    static func checked(_ endpoints: [Endpoint], _ origin: String) throws(ClientError) -> [Endpoint] {
        var seen: Set<Endpoint> = []
        let distinct = endpoints.filter { seen.insert($0).inserted }
        guard !distinct.isEmpty else { throw .misuse("\(origin) is empty: name at least one endpoint") }
        guard distinct.count <= maxCount else {
            throw .misuse("\(origin) has \(distinct.count) endpoints; a client can have \(maxCount) at most")
        }
        return distinct
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The endpoints as text, as ``list(_:)`` reads it.
    static func text(of endpoints: [Endpoint]) -> String { endpoints.map(\.description).joined(separator: ",") }

    /// The endpoints that the environment variable `ARTICLED_ENDPOINT` names: see ``list(_:)``. Without it, or if it is
    /// empty: ``systemDefault``. For `tls:` endpoints, `ARTICLED_CA` names a file of authorities to trust in place of the
    /// system's, and `ARTICLED_CERTIFICATE` and `ARTICLED_KEY` the client's identity. This is what articlectl and the Python
    /// client use, too.
    ///
    /// - Throws: ``ClientError/Kind/misuse`` if the variable has something else.
    public static func environment() throws(ClientError) -> [Endpoint] { try named(by: environmentText) }

    /// - Parameter text: the variable's value, if it is set.
    static func named(by text: String?) throws(ClientError) -> [Endpoint] {
        guard let text, !text.isEmpty else { return [.systemDefault] }
        return try secured(list(text, from: variable))
    }

    /// - Parameter origin: where the text comes from, for messages.
    package init(_ text: String, from origin: String) throws(ClientError) {
        if text.hasPrefix("unix:"), text.utf8.count > 5 {
            self = try .unix(String(text.dropFirst(5)), from: origin)
        } else if text.hasPrefix("tcp:") {
            self = try .tcp(String(text.dropFirst(4)), from: origin)
        } else if text.hasPrefix("tls:") {
            self = try .tls(String(text.dropFirst(4)), from: origin)
        } else if text.hasPrefix("/") {
            self = try .unix(text, from: origin)
        } else {
            throw .misuse(
                "\(origin) is \"\(text)\": it should look like unix:/run/articled/articled.sock, tcp:127.0.0.1:7450 or "
                    + "tls:articles.example:7450")
        }
    }

    /// Whether the environment names this endpoint.
    var isFromEnvironment: Bool {
        guard let text = Self.environmentText else { return false }
        return (try? Self.list(text, from: Self.variable))?.contains(self) ?? false
    }

    static let variable = "ARTICLED_ENDPOINT"

    private static var environmentText: String? { text(of: variable) }

    /// The value of an environment variable; nil if it is not set, or empty.
    static func text(of variable: String) -> String? {
        guard let value = unsafe getenv(variable) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
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
        let (host, port) = try place(text, from: origin)
        return .tcp(host: host, port: port)
    }

    /// "articles.example:7450"
    package static func tls(_ text: String, from origin: String) throws(ClientError) -> Endpoint {
        let (host, port) = try place(text, from: origin)
        return .tls(host: host, port: port)
    }

    private static func place(_ text: String, from origin: String) throws(ClientError) -> (String, UInt16) {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else {
            throw .misuse("\(origin) \(text): HOST:PORT is expected, such as 127.0.0.1:7450 or [::1]:7450")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .misuse("\(origin) \(text): there is no host before the port") }
        return (String(host), port)
    }
}
