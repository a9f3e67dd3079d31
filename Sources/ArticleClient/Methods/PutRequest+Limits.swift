import ArticleProtocol

extension PutRequest {
    /// The request's bytes, unless the service would refuse them for what is in them: a text, a list or the whole that is
    /// too long, an id that is none, a time out of bounds.
    func encodedWithinLimits(_ method: String) throws(ClientError) -> [UInt8] {
        let bytes = encoded()
        do throws(ServiceError) {
            try unsafe Self.check(bytes.span.bytes)
        } catch {
            throw .invalidRequest(method, error)
        }
        return bytes
    }

    private static func check(_ bytes: RawSpan) throws(ServiceError) {
        var reader = WireReader(bytes)
        while try reader.next() {
            if reader.field == 1 { _ = try ArticleContent(validating: reader.span()) } else { try reader.skip() }
        }
    }
}
