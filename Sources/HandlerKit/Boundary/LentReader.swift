internal import ArticleProtocol
internal import CPluginABI

/// A reader on the caller's stack, as the context of a C callback: its address and its type, with no memory of its own.
@safe
struct LentReader {
    private let reader: UnsafeMutableRawPointer
    private let type: any (RecordReader & ~Copyable).Type

    typealias Lend = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_record>?) -> Void

    /// Calls `body` with the callback for `reader`, and its context.
    static func with<Reader: RecordReader & ~Copyable>(
        _ reader: inout Reader, _ body: (Lend, UnsafeMutableRawPointer) throws(ServiceError) -> Bool
    ) throws(ServiceError) -> Bool {
        try unsafe withUnsafeMutablePointer(to: &reader) { pointer throws(ServiceError) in
            var lent = unsafe LentReader(reader: UnsafeMutableRawPointer(pointer), type: Reader.self)
            return try unsafe withUnsafeMutablePointer(to: &lent) { lent throws(ServiceError) in
                try unsafe body(call, UnsafeMutableRawPointer(lent))
            }
        }
    }

    private static let call: Lend = { context, record in
        guard let context = unsafe context, let record = unsafe record else { return }
        let lent = unsafe context.assumingMemoryBound(to: LentReader.self).pointee
        unsafe StoredRecord.with(record) { unsafe lent.type.call(lent.reader, $0) }
    }
}

extension RecordReader where Self: ~Copyable {
    /// Hands the record to the reader of this type at `pointer`.
    fileprivate static func call(_ pointer: UnsafeMutableRawPointer, _ record: borrowing StoredRecord) {
        unsafe pointer.assumingMemoryBound(to: Self.self).pointee.read(record)
    }
}

/// A closure as a reader.
struct ClosureReader: RecordReader {
    let lend: (borrowing StoredRecord) -> Void

    mutating func read(_ record: borrowing StoredRecord) { lend(record) }
}

/// A closure as the context of a scan's callback.
struct Visitor {
    let visit: (borrowing StoredRecord) -> Bool

    static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_record>?) -> Int32 = {
        context, record in
        // 1 ends the scan.
        guard let context = unsafe context, let record = unsafe record else { return 1 }
        let visitor = unsafe context.assumingMemoryBound(to: Visitor.self)
        return unsafe StoredRecord.with(record) { unsafe visitor.pointee.visit($0) } ? 0 : 1
    }
}
