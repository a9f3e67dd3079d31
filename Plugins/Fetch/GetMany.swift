// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

extension Fetch {
    /// fetch.getMany: sends one item per key, in order, directly from the storage's memory while there is credit.
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
                // Lets other requests run.
                await Task.yield()
                try Task.checkCancellation()
                budget = StepBudget()
            }
        }
        responder.finish()
    }

    /// Sends the item of one key. Returns `false` if there is no credit for it.
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

    /// Lends the record that the key identifies, or returns the error that fetch.get would return for it: the key is
    /// invalid, there is no such article, or it is damaged.
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
