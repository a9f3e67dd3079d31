internal import ArticleProtocol
internal import HandlerKit

extension StoredRecord {
    /// Calls `body` with the parts of the encoded `Article`: the writer's content, what the service adds, and the
    /// checksum of both together if it is known: that of the content as it was stored, continued. What flipped since then
    /// is found by whoever reads the article.
    func withArticle<Result>(
        _ view: View, _ body: (RawSpan, RawSpan, UInt32?) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        guard let size = UInt32(exactly: content.byteCount) else {
            throw ServiceError(.dataLoss, "\(id): a record of \(content.byteCount) bytes is no article")
        }
        let trailer = ArticleTrailer(
            id: id, revision: revision, createdAt: createdAt, storedAt: storedAt,
            contentChecksum: view == .full ? contentChecksum : nil, contentSize: size)
        switch view {
        case .full: return try trailer.behind(content, contentChecksum, body)
        case .summary:
            let summary: [UInt8]
            do throws(ServiceError) {
                summary = try ArticleContent.summary(of: content)
            } catch {
                throw ServiceError(.dataLoss, "\(id): what was stored is damaged: \(error.message)")
            }
            return try trailer.behind(summary.rawSpan, nil, body)
        }
    }
}

extension ArticleTrailer {
    /// Calls `body` with content and trailer, and the checksum of both if that of the content is known.
    fileprivate func behind<Result>(
        _ content: RawSpan, _ checksum: UInt32?, _ body: (RawSpan, RawSpan, UInt32?) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try withEncoded { trailer throws(ServiceError) in
            try body(content, trailer, checksum.map { CRC32C.checksum(trailer, continuing: $0) })
        }
    }
}
