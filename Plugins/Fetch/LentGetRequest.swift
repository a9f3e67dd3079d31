internal import ArticleProtocol
internal import HandlerKit

/// A `GetRequest` whose URL stays where it is.
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

    /// The id alone; nil if there is none, or if the request cannot be read.
    static func id(in bytes: RawSpan) -> ArticleID? {
        do throws(ServiceError) {
            return try LentGetRequest(bytes).id
        } catch {
            return nil
        }
    }
}
