internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.getMany: an item for each key, in their order, straight from the storage's memory as long as there is credit.
    func getMany(_ keys: GetManyKeys, _ responder: consuming Responder) async throws {
        var budget = StepBudget()
        for index in 0..<keys.count {
            while true {
                let (isSent, size) = try send(keys, index, responder)
                if isSent {
                    budget.add(size)
                    break
                }
                try await responder.writable()
                budget = StepBudget()
            }
            if !budget.hasRoom {
                // Others have their turn.
                await Task.yield()
                try Task.checkCancellation()
                budget = StepBudget()
            }
        }
        responder.finish()
    }

    /// Sends the item of one key. `false` if there is no credit for it.
    private func send(
        _ keys: GetManyKeys, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> (Bool, Int) {
        let index = UInt64(place)  // of an array: not negative
        var sent: Result<(Bool, Int), ServiceError> = .success((false, 0))
        let missing = try read(keys, place) { record in
            do throws(ServiceError) {
                let isSent = try record.withArticle(keys.view) { content, trailer, _ throws(ServiceError) in
                    var head = WireWriter(capacity: 24)
                    head.write(index, at: 1)
                    head.begin(2, length: content.byteCount + trailer.byteCount)
                    return try responder.sendNow(head.bytes.rawSpan, content, trailer)
                }
                sent = .success((isSent, record.content.byteCount))
            } catch {
                guard let status = Status(of: record.id, error) else {
                    sent = .failure(error)
                    return
                }
                do throws(ServiceError) {
                    sent = .success(
                        (
                            try responder.sendNow(
                                GetManyItem(index: index, status: status).encoded().rawSpan), 0
                        ))
                } catch {
                    sent = .failure(error)
                }
            }
        }
        guard let missing else { return try sent.get() }
        let item = GetManyItem(index: index, status: Status(code: missing.code.rawValue, message: missing.message))
        return (try responder.sendNow(item.encoded().rawSpan), 0)
    }

    /// Lends the record that the key names, or tells what fetching it alone would have been answered: the key is wrong, there is
    /// no such article, or it is damaged.
    private func read(
        _ keys: GetManyKeys, _ place: Int, _ lend: (borrowing StoredRecord) -> Void
    ) throws(ServiceError) -> ServiceError? {
        do throws(ServiceError) {
            return try keys.withKey(place) { bytes throws(ServiceError) in
                let key = try LentGetRequest(key: bytes)
                let isFound =
                    if let id = key.id { try storage.read(id: id, lend) } else { try storage.read(key: key.url, lend) }
                return isFound ? nil : .noArticle(key.id, key.url)
            }
        } catch {
            if error.code == .dataLoss || error.code == .invalidArgument { return error }
            throw error
        }
    }
}

/// A `GetManyRequest` whose keys are read one by one, as they are answered: what is wrong with one is that key's answer, and the
/// others go on.
struct GetManyKeys {
    let view: View
    private let message: [UInt8]
    /// Where each encoded `ArticleKey` stands in `message`.
    private let places: [Range<Int>]

    init(_ message: [UInt8]) throws(ServiceError) {
        var reader = unsafe WireReader(message.span.bytes)
        var places: [Range<Int>] = []
        var view = View.full
        while try reader.next() {
            switch reader.field {
            case 1:
                guard places.count < Limits.keys else { throw reader.malformed("more than \(Limits.keys) keys") }
                let size = try reader.span().byteCount
                places.append(reader.offset - size..<reader.offset)
            case 2:
                let value = try reader.uint32()
                guard let known = View(rawValue: value) else { throw reader.malformed("view \(value) is not known") }
                view = known
            default: try reader.skip()
            }
        }
        self.view = view
        self.message = message
        self.places = places
    }

    var count: Int { places.count }

    /// The encoded key; `index` is below `count`.
    func withKey<Result>(
        _ index: Int, _ body: (RawSpan) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try unsafe body(message.span.bytes.extracting(places[index]))
    }
}

/// Bounds one step of a long answer, so that neither the event loop's turn nor the storage's view is held for long.
struct StepBudget {
    /// Records in one step.
    static let records = 64
    /// Bytes in one step; one record may go beyond.
    static let bytes = 256 * 1024

    private(set) var count = 0
    private var size = 0

    /// Whether there is room for one more record.
    var hasRoom: Bool { count < Self.records && size < Self.bytes }

    mutating func add(_ bytes: Int) {
        count += 1
        size += bytes
    }
}
