extension ArticleContent {
    /// The writer's part of the checked bytes: all but the service's own fields.
    ///
    /// - Parameter bytes: those that were checked.
    public func content(of bytes: RawSpan) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(bytes.byteCount)
        var start = 0
        for field in serviceFields {
            Self.append(bytes, start..<field.lowerBound, to: &content)
            start = field.upperBound
        }
        Self.append(bytes, start..<bytes.byteCount, to: &content)
        return content
    }

    /// Content without body and original: `View.summary`.
    ///
    /// - Parameter content: checked before it was stored.
    /// - Throws: `INVALID_ARGUMENT` if it is damaged.
    public static func summary(of content: RawSpan) throws(ServiceError) -> [UInt8] {
        var summary: [UInt8] = []
        var reader = WireReader(content)
        var start = 0
        while try reader.next() {
            try reader.skip()
            if reader.field != 6, reader.field != 13 { append(content, start..<reader.offset, to: &summary) }
            start = reader.offset
        }
        return summary
    }

    private static func append(_ bytes: RawSpan, _ range: Range<Int>, to target: inout [UInt8]) {
        guard !range.isEmpty else { return }
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe target.append(contentsOf: $0) }
    }
}
