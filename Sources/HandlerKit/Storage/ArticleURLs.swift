// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol
public import ArticleURL

// Articles by their URLs. An article's alternate key is the normal form of its URL, so that all URLs that are the same (RFC
// 3986, section 6) name one article. What was stored before keys were normalized has its URL as it was written: a URL is looked
// for as it is first.
extension ArticleStorage {
    /// Those of RFC 3986 alone.
    public var urlRules: URLRules { .standard }

    /// Lends the article with this URL, or one that is the same: at once, like `lend(key:into:)`.
    public func lend<Reader: RecordReader & ~Copyable>(
        url: RawSpan, into reader: inout Reader
    ) throws(ServiceError) -> Lent {
        // The usual case, without an allocation.
        if urlRules.isPlain(url) { return try lend(key: url, into: &reader) }
        let lent = try lend(key: url, into: &reader)
        guard lent == .missing, let normal = urlRules.normalForm(of: url) else { return lent }
        return try lend(key: normal.rawSpan, into: &reader)
    }

    /// Lends the article with this URL, or one that is the same: at once, like `lend(key:_:)`.
    public func lend(url: RawSpan, _ body: (borrowing StoredRecord) -> Void) throws(ServiceError) -> Lent {
        let lent = try lend(key: url, body)
        guard lent == .missing, let normal = urlRules.normalForm(of: url) else { return lent }
        return try lend(key: normal.rawSpan, body)
    }

    /// Returns a copy of the article with this URL, or one that is the same; `nil` if there is none.
    public func fetch(url: [UInt8]) async throws(ServiceError) -> RecordCopy? {
        if let copy = try await fetch(key: url) { return copy }
        guard let normal = urlRules.normalForm(of: url.rawSpan) else { return nil }
        return try await fetch(key: normal)
    }

    /// Lends the article with this URL, or one that is the same, like ``read(key:_:)``.
    public func read(
        url: [UInt8], _ body: (borrowing StoredRecord) -> Void
    ) async throws(ServiceError) -> Bool {
        if try await read(key: url, body) { return true }
        guard let normal = urlRules.normalForm(of: url.rawSpan) else { return false }
        return try await read(key: normal, body)
    }

    /// Deletes the article with this URL, or one that is the same.
    public func delete(
        url: RawSpan, expectedRevision: UInt64? = nil, completion: @escaping @Sendable (WriteResult) -> Void
    ) {
        guard let normal = urlRules.normalForm(of: url) else {
            return write(StorageWrite(deleteKey: url, expectedRevision: expectedRevision), completion: completion)
        }
        write(
            StorageWrite(deleteKey: normal.rawSpan, formerKey: url, expectedRevision: expectedRevision),
            completion: completion)
    }
}

extension URLRules {
    /// The normal form of a URL; `nil` if it is in that form already.
    package func normalForm(of url: RawSpan) -> [UInt8]? {
        if isPlain(url) { return nil }
        let bytes = [UInt8](joining: url)
        let normal = normalized(bytes)
        return normal == bytes ? nil : normal
    }
}
