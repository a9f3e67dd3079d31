// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.get, without an allocation: the request is read in place. Returns the responder if the storage must wait.
    func get(_ payload: RawSpan, _ responder: consuming Responder) -> Responder? {
        var answer = GetAnswer(responder)
        do throws(ServiceError) {
            let request = try LentGetRequest(payload)
            answer.view = request.view
            let lent: Lent
            if let id = request.id {
                lent = try storage.lend(id: id, into: &answer)
            } else {
                lent = try storage.lend(url: request.url, into: &answer)
            }
            switch lent {
            case .found: break
            case .missing: answer.fail(.noArticle(request.id, request.url))
            case .mustWait: return answer.takeResponder()
            }
        } catch {
            answer.fail(error)
        }
        return nil
    }

    /// The same, waiting for the storage.
    func get(_ payload: [UInt8], _ responder: consuming Responder) async throws(ServiceError) {
        let (key, view) = try GetKey.read(payload)
        guard let record = try await key.fetch(from: storage) else { throw key.missing }
        var answer = GetAnswer(responder)
        answer.view = view
        record.lend { answer.read($0) }
    }
}

/// Answers a fetch.get with the record that it is lent.
struct GetAnswer: RecordReader, ~Copyable {
    var view = View.full
    private var responder: Responder?

    init(_ responder: consuming Responder) { self.responder = consume responder }

    /// The responder, if nothing was answered yet.
    mutating func takeResponder() -> Responder? { responder.take() }

    mutating func read(_ record: borrowing StoredRecord) {
        do throws(ServiceError) {
            try record.withArticle(view) { content, trailer, checksum in
                responder.take()?.respond(content, trailer, checksum: checksum)
            }
        } catch {
            fail(error)
        }
    }

    mutating func fail(_ error: ServiceError) { responder.take()?.fail(error) }
}

/// What identifies an article, copied, for a storage that must wait.
enum GetKey: Sendable {
    case id(ArticleID)
    case url([UInt8])

    init(_ request: borrowing LentGetRequest) {
        self = if let id = request.id { .id(id) } else { .url([UInt8](joining: request.url)) }
    }

    static func read(_ payload: [UInt8]) throws(ServiceError) -> (GetKey, View) {
        let request = try LentGetRequest(payload.rawSpan)
        return (GetKey(request), request.view)
    }

    func fetch(from storage: any ArticleStorage) async throws(ServiceError) -> RecordCopy? {
        switch self {
        case .id(let id): try await storage.fetch(id: id)
        case .url(let url): try await storage.fetch(url: url)
        }
    }

    var missing: ServiceError {
        switch self {
        case .id(let id): .noArticle(id, RawSpan())
        case .url(let url): .noArticle(nil, url.rawSpan)
        }
    }
}

/// A `GetRequest` whose URL stays in the connection's buffer.
struct LentGetRequest: ~Copyable, ~Escapable {
    let id: ArticleID?
    let url: RawSpan
    let view: View

    /// Throws `invalidArgument` unless there is exactly one of id and url.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) throws(ServiceError) { try self.init(bytes, hasView: true) }

    /// An encoded `ArticleKey`, which is a `GetRequest` without a view.
    @_lifetime(copy key)
    init(key: RawSpan) throws(ServiceError) { try self.init(key, hasView: false) }

    @_lifetime(copy bytes)
    private init(_ bytes: RawSpan, hasView: Bool) throws(ServiceError) {
        var reader = WireReader(bytes)
        var id: ArticleID?
        var url = RawSpan()
        var view = View.full
        while try reader.next() {
            switch reader.field {
            case 1:
                let value = try reader.span()
                id = ArticleID(bytes: value)
                if id == nil, value.byteCount > 0 {
                    throw reader.malformed("an id has 16 bytes, not \(value.byteCount)")
                }
            case 2: url = try reader.text(most: Limits.url)
            case 3 where hasView:
                let value = try reader.uint32()
                guard let known = View(rawValue: value) else { throw reader.malformed("view \(value) is not known") }
                view = known
            default: try reader.skip()
            }
        }
        guard (id == nil) != (url.byteCount == 0) else {
            throw ServiceError(.invalidArgument, "exactly one of id and url is needed")
        }
        self.id = id
        self.url = url
        self.view = view
    }

    /// Only the id; `nil` if there is none or the request is invalid.
    static func id(in bytes: RawSpan) -> ArticleID? {
        do throws(ServiceError) {
            return try LentGetRequest(bytes).id
        } catch {
            return nil
        }
    }
}

extension StoredRecord {
    /// Calls `body` with the parts of the encoded `Article`: the writer's content, the service's fields, and the
    /// checksum of both if it is known. The checksum continues the one computed when the content was stored, so the
    /// reader of the article detects bytes that have changed since.
    func withArticle<Result>(
        _ view: View, _ body: (RawSpan, RawSpan, UInt32?) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        guard let size = UInt32(exactly: content.byteCount) else {
            throw ServiceError(.dataLoss, "\(id): a record of \(content.byteCount) bytes is not an article")
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
                throw ServiceError(.dataLoss, "\(id): the stored article is damaged: \(error.message)")
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
