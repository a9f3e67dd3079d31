/// A whole answer to one HTTP request. The connection ends with it.
struct HTTPResponse {
    let status: HTTPStatus
    let mediaType: String
    let body: String
    /// Says how long the body is, and leaves it out: the answer to HEAD.
    var isHead = false

    /// The metrics, or where they are.
    static func answer(to request: HTTPRequest, metrics: () -> String) -> HTTPResponse {
        guard request.path == "/metrics" else {
            return HTTPResponse(.notFound, "nothing is here but /metrics", isHead: request.isHead)
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
