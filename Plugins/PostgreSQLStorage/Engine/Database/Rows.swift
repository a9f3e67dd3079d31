// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPQ

/// The result of one statement, in binary form. Immutable, so any thread may read it.
@safe
final class Rows: @unchecked Sendable {
    private let result: OpaquePointer

    /// Takes over a PGresult.
    init(owning result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    /// The number of rows.
    var count: Int { Int(unsafe PQntuples(result)) }

    /// The row whose first column is this id.
    func row(of id: ArticleID) -> Int? { (0..<count).first { self.id($0, 0) == id } }

    /// The number of rows that a statement without a result has changed.
    var changed: Int {
        guard let text = unsafe PQcmdTuples(result) else { return 0 }
        return Int(unsafe String(cString: text)) ?? 0
    }

    /// Whether the value is NULL.
    func isNull(_ row: Int, _ column: Int) -> Bool { unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0 }

    /// A bigint, or an int; 0 if it is NULL or of another type.
    func number(_ row: Int, _ column: Int) -> Int64 {
        unsafe withBytes(row, column) { bytes in
            switch bytes.count {
            case 8: Int64(bigEndian: unsafe bytes.loadUnaligned(as: Int64.self))
            case 4: Int64(Int32(bigEndian: unsafe bytes.loadUnaligned(as: Int32.self)))
            default: 0
            }
        }
    }

    /// A bigint that is `nil` if it is NULL.
    func optional(_ row: Int, _ column: Int) -> Int64? { isNull(row, column) ? nil : number(row, column) }

    /// A boolean.
    func flag(_ row: Int, _ column: Int) -> Bool {
        unsafe withBytes(row, column) { unsafe $0.count == 1 && $0[0] != 0 }
    }

    /// A uuid.
    func id(_ row: Int, _ column: Int) -> ArticleID {
        unsafe withBytes(row, column) { bytes in
            unsafe ArticleID(bytes: RawSpan(_unsafeBytes: bytes)) ?? ArticleID(high: 0, low: 0)
        }
    }

    /// A bytea; empty if it is NULL.
    func bytes(_ row: Int, _ column: Int) -> [UInt8] { unsafe withBytes(row, column) { unsafe [UInt8]($0) } }

    /// The size of a value.
    func size(_ row: Int, _ column: Int) -> Int { Int(unsafe PQgetlength(result, Int32(row), Int32(column))) }

    /// The bytes of a value, as long as the result lives.
    private func withBytes<Result>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = unsafe PQgetvalue(result, Int32(row), Int32(column))
        let size = unsafe PQgetlength(result, Int32(row), Int32(column))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: Int(size)))
    }
}
