// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import LinuxRuntime

/// A write that waits for its transaction: a copy of the request.
struct PendingWrite: Sendable {
    let kind: StorageWrite.Kind
    let target: StorageWrite.Target
    let expectedRevision: UInt64?
    let time: Int64?
    /// When the record was created, if the writer says so.
    let createdAt: Int64?
    let checksum: UInt32
    /// Empty: none.
    let key: [UInt8]
    /// An earlier form of the key. Empty: none.
    let formerKey: [UInt8]
    let terms: PackedTerms
    let content: [UInt8]
    /// When it was queued: ``MonotonicClock``.
    let queuedAt = MonotonicClock.now
    private let completion: @Sendable (WriteResult) -> Void

    /// The most bytes of a record: half of what one message to the server may have, with the array around it.
    private static let maxBytes = 256 << 20

    init(_ write: borrowing StorageWrite, _ completion: @escaping @Sendable (WriteResult) -> Void) {
        kind = write.kind
        target = write.target
        expectedRevision = write.expectedRevision
        time = write.time
        createdAt = write.createdAt
        checksum = write.contentChecksum
        key = unsafe write.key.withUnsafeBytes { unsafe [UInt8]($0) }
        formerKey = unsafe write.formerKey.withUnsafeBytes { unsafe [UInt8]($0) }
        content = unsafe write.content.withUnsafeBytes { unsafe [UInt8]($0) }
        terms = PackedTerms(write.terms)
        self.completion = completion
    }

    /// The id that came with the write.
    var namedID: ArticleID {
        switch target {
        case .id(let id), .key(let id): id
        }
    }

    /// What is wrong with the write itself.
    var fault: ServiceError? {
        if case .key = target, key.isEmpty {
            return ServiceError(.invalidArgument, "a write identifies its article by a key, but the key is empty")
        }
        if size > Self.maxBytes {
            return ServiceError(
                .resourceExhausted, "an article may have at most \(Self.maxBytes) bytes, this one has \(size)")
        }
        guard kind == .put else { return nil }
        let found = CRC32C.checksum(content)
        if found == checksum { return nil }
        return ServiceError(
            .internal,
            "the content's CRC-32C is \(found), but the write says \(checksum): the handler that wrote it has a bug")
    }

    /// What it takes in the queue, in bytes.
    var size: Int { content.count + key.count + formerKey.count + terms.bytes.count }

    /// Answers the writer. Call it once.
    func complete(_ result: WriteResult) { completion(result) }

    func refuse(_ error: ServiceError) { completion(WriteResult(.refused(error), id: namedID)) }
}

/// The terms of a record in ascending order, each preceded by its length: as they are stored.
struct PackedTerms: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ terms: TermList) {
        var all: [[UInt8]] = []
        // Not a sequence, because its elements are lent.
        // swift-format-ignore: ReplaceForEachWithForLoop
        terms.forEach { term in all.append(unsafe term.withUnsafeBytes { unsafe [UInt8]($0) }) }
        all.sort { $0.lexicographicallyPrecedes($1) }
        bytes = all.flatMap { [UInt8(clamping: $0.count)] + $0 }
    }

    /// As they come from the database.
    init(stored bytes: [UInt8]) { self.bytes = bytes }

    /// Each term.
    var all: [[UInt8]] {
        var all: [[UInt8]] = []
        var rest = bytes[...]
        while let size = rest.popFirst() {
            all.append(Array(rest.prefix(Int(size))))
            rest = rest.dropFirst(Int(size))
        }
        return all
    }
}
