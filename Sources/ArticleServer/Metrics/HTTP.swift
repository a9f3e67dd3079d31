// SPDX-License-Identifier: Apache-2.0
/// The head of an HTTP/1 request, as far as a server of one page needs it: RFC 9112, parsed strictly. A request with a
/// body is refused, so that nothing behind the head has to be parsed.
struct HTTPRequest: Equatable {
    let isHead: Bool
    /// Without the query.
    let path: String

    /// The result of parsing the bytes so far.
    enum Reading: Equatable {
        case incomplete
        case request(HTTPRequest)
        case fault(HTTPStatus)
    }

    /// The most bytes of a head.
    static let maxHead = 8 * 1024
    private static let maxFields = 64

    static func read(_ bytes: [UInt8]) -> Reading {
        var lines: [Substring.UTF8View] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            guard index < maxHead else { return .fault(.headersTooLarge) }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\r") {
                guard index + 1 < bytes.count else { break }
                guard bytes[index + 1] == UInt8(ascii: "\n") else { return .fault(.badRequest) }
                let line = Substring(decoding: bytes[start..<index], as: UTF8.self).utf8
                index += 2
                start = index
                // An empty line ends the head. One before the request line is ignored.
                if !line.isEmpty {
                    lines.append(line)
                    if lines.count > maxFields + 1 { return .fault(.headersTooLarge) }
                } else if !lines.isEmpty {
                    return interpret(lines)
                } else if start > 2 {
                    return .fault(.badRequest)
                }
                continue
            }
            // No control characters and only ASCII. No field that matters here has others.
            guard byte == UInt8(ascii: "\t") || (0x20...0x7e).contains(byte) else { return .fault(.badRequest) }
            index += 1
        }
        return bytes.count >= maxHead ? .fault(.headersTooLarge) : .incomplete
    }

    private static func interpret(_ lines: [Substring.UTF8View]) -> Reading {
        let parts = lines[0].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, isToken(parts[0]), !parts[1].isEmpty, !parts[1].contains(UInt8(ascii: "\t")) else {
            return .fault(.badRequest)
        }
        let version = String(Substring(parts[2]))
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            let isHTTP = version.hasPrefix("HTTP/") && version.utf8.count == 8
            return .fault(isHTTP ? .versionNotSupported : .badRequest)
        }
        var hosts = 0
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else {
                return .fault(.badRequest)
            }
            let value = String(Substring(line[line.index(after: colon)...]).filter { $0 != " " && $0 != "\t" })
            switch String(Substring(line[..<colon])).lowercased() {
            case "host": hosts += 1
            case "content-length" where value != "0": return .fault(.badRequest)
            case "transfer-encoding": return .fault(.badRequest)
            default: break
            }
        }
        guard hosts == 1 || hosts == 0 && version == "HTTP/1.0" else { return .fault(.badRequest) }
        guard let path = path(of: String(Substring(parts[1]))) else { return .fault(.badRequest) }
        switch String(Substring(parts[0])) {
        case "GET": return .request(HTTPRequest(isHead: false, path: path))
        case "HEAD": return .request(HTTPRequest(isHead: true, path: path))
        default: return .fault(.methodNotAllowed)
        }
    }

    /// The path of a request target in origin form, or in absolute form as a proxy gives it.
    private static func path(of target: String) -> String? {
        var rest = target[...]
        if target.lowercased().hasPrefix("http://") {
            rest = rest.dropFirst(7).drop { $0 != "/" && $0 != "?" }
            if rest.first != "/" { rest = "/" + rest }
        }
        guard rest.first == "/" else { return nil }
        return String(rest.prefix { $0 != "?" })
    }

    /// A name of RFC 9110, section 5.6.2.
    private static func isToken(_ bytes: Substring.UTF8View.SubSequence) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

/// The whole answer to one HTTP request. It ends the connection.
struct HTTPResponse {
    let status: HTTPStatus
    let mediaType: String
    let body: String
    /// Whether it answers HEAD: it has the body's length and no body.
    var isHead = false

    /// The metrics, or NOT FOUND for any other path.
    static func answer(to request: HTTPRequest, metrics: () -> String) -> HTTPResponse {
        guard request.path == "/metrics" else {
            return HTTPResponse(.notFound, "there is only /metrics here", isHead: request.isHead)
        }
        return HTTPResponse(status: .ok, mediaType: MetricsText.mediaType, body: metrics(), isHead: request.isHead)
    }

    /// A refusal.
    init(_ status: HTTPStatus, _ text: String? = nil, isHead: Bool = false) {
        self.init(
            status: status, mediaType: "text/plain; charset=utf-8", body: (text ?? status.reason) + "\n",
            isHead: isHead)
    }

    private init(status: HTTPStatus, mediaType: String, body: String, isHead: Bool) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
        self.isHead = isHead
    }

    var bytes: [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
        head += "Content-Type: \(mediaType)\r\n"
        head += "Content-Length: \(body.utf8.count)\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : Array(body.utf8))
    }
}

/// The status codes of the metrics listener: RFC 9110, section 15.
enum HTTPStatus: Int {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case headersTooLarge = 431
    case versionNotSupported = 505

    var reason: String {
        switch self {
        case .ok: "OK"
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .requestTimeout: "Request Timeout"
        case .headersTooLarge: "Request Header Fields Too Large"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }
}
