// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.getMany: sends one item per key, in order, directly from the storage's memory while there is credit.
    func getMany(_ keys: GetManyKeys, _ responder: consuming Responder) async throws {
        var budget = StepBudget()
        for index in 0..<keys.count {
            // Read once, however often the item waits for credit.
            var fetched: FetchedItem?
            while true {
                switch try fetched?.send(keys, index, responder) ?? send(keys, index, responder) {
                case .sent(let size): budget.add(size)
                case .noCredit:
                    try await responder.writable()
                    budget = StepBudget()
                    continue
                case .mustWait:
                    fetched = try await fetch(keys, index)
                    continue
                }
                break
            }
            if !budget.hasRoom {
                // Lets other requests run.
                await Task.yield()
                try Task.checkCancellation()
                budget = StepBudget()
            }
        }
        responder.finish()
    }

    /// Sends the item of one key from the storage's memory.
    private func send(
        _ keys: GetManyKeys, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> SentItem {
        var sent: Result<SentItem, ServiceError> = .success(.noCredit)
        let lent: Lent
        do throws(ServiceError) {
            lent = try keys.withKey(place) { bytes throws(ServiceError) in
                let key = try LentGetRequest(key: bytes)
                func lend(_ record: borrowing StoredRecord) {
                    sent = SentItem.result { () throws(ServiceError) in
                        try SentItem.send(record, keys.view, place, responder)
                    }
                }
                let lent =
                    if let id = key.id { try storage.lend(id: id, lend) } else { try storage.lend(url: key.url, lend) }
                if lent == .missing { throw .noArticle(key.id, key.url) }
                return lent
            }
        } catch {
            return try SentItem.send(error, place, responder)
        }
        return lent == .mustWait ? .mustWait : try sent.get()
    }

    /// Reads the record of one key from a storage that must wait.
    private func fetch(_ keys: GetManyKeys, _ place: Int) async throws(ServiceError) -> FetchedItem {
        do throws(ServiceError) {
            let key = try keys.withKey(place) { bytes throws(ServiceError) in
                GetKey(try LentGetRequest(key: bytes))
            }
            guard let record = try await key.fetch(from: storage) else { throw key.missing }
            return .record(record)
        } catch {
            return .missing(error)
        }
    }
}

/// What became of an attempt to send one item.
enum SentItem {
    /// With this many bytes of content.
    case sent(Int)
    case noCredit
    case mustWait

    static func result(_ body: () throws(ServiceError) -> SentItem) -> Result<SentItem, ServiceError> {
        do throws(ServiceError) { return .success(try body()) } catch { return .failure(error) }
    }

    /// Sends a record.
    static func send(
        _ record: borrowing StoredRecord, _ view: View, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> SentItem {
        do throws(ServiceError) {
            let isSent = try record.withArticle(view) { content, trailer, _ throws(ServiceError) in
                var head = WireWriter(capacity: 24)
                head.write(UInt64(place), at: 1)  // the index of an array: not negative
                head.begin(2, length: content.byteCount + trailer.byteCount)
                return try responder.sendNow(head.bytes.rawSpan, content, trailer)
            }
            return isSent ? .sent(record.content.byteCount) : .noCredit
        } catch {
            guard let status = Status(of: record.id, error) else { throw error }
            return try send(status, place, responder)
        }
    }

    /// Sends the error that fetch.get would return for the key: it is invalid, there is no such article, or it is
    /// damaged. Throws any other.
    static func send(
        _ error: ServiceError, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> SentItem {
        guard [.notFound, .dataLoss, .invalidArgument].contains(error.code) else { throw error }
        return try send(Status(code: error.code.rawValue, message: error.message), place, responder)
    }

    private static func send(
        _ status: Status, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> SentItem {
        let item = GetManyItem(index: UInt64(place), status: status)
        return try responder.sendNow(item.encoded().rawSpan) ? .sent(0) : .noCredit
    }
}

/// What a storage that had to wait returned for one key.
enum FetchedItem {
    case record(RecordCopy)
    case missing(ServiceError)

    func send(
        _ keys: GetManyKeys, _ place: Int, _ responder: borrowing Responder
    ) throws(ServiceError) -> SentItem {
        switch self {
        case .missing(let error): return try SentItem.send(error, place, responder)
        case .record(let record):
            var sent: Result<SentItem, ServiceError> = .success(.noCredit)
            record.lend { record in
                sent = SentItem.result { () throws(ServiceError) in
                    try SentItem.send(record, keys.view, place, responder)
                }
            }
            return try sent.get()
        }
    }
}

/// A `GetManyRequest` whose keys are decoded one at a time, as they are answered. An invalid key affects only its own
/// item.
struct GetManyKeys {
    let view: View
    private let message: [UInt8]
    /// Where each encoded `ArticleKey` is in `message`.
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

    /// The encoded key at `index`, which must be less than `count`.
    func withKey<Result>(
        _ index: Int, _ body: (RawSpan) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        try unsafe body(message.span.bytes.extracting(places[index]))
    }
}

/// Limits one step of a long answer, so that neither a turn of the event loop nor the storage's snapshot takes long.
struct StepBudget {
    /// Records per step.
    static let records = 64
    /// Bytes per step. The last record may exceed them.
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
