// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPQ

/// The parameters of one statement in PostgreSQL's binary form, in one block of memory.
struct Parameters: Sendable {
    /// Types of array elements: pg_type.oid.
    private enum Element: Int32 {
        case bytes = 17
        case number = 20
        case id = 2950
    }

    private var memory: [UInt8] = []
    /// Where each parameter lies; `nil`: SQL's NULL.
    private var parts: [Range<Int>?] = []

    init() {}

    /// How many there are.
    var count: Int { parts.count }
    /// The size of all values, in bytes.
    var size: Int { memory.count }

    /// A bigint.
    mutating func add(_ number: Int64) { part { $0.append(number) } }

    /// A uuid.
    mutating func add(_ id: ArticleID) { part { $0.append(id) } }

    /// A bytea.
    mutating func add(_ bytes: [UInt8]) { part { $0.memory.append(contentsOf: bytes) } }

    /// A text.
    mutating func add(text: String) { part { $0.memory.append(contentsOf: text.utf8) } }

    /// A uuid[].
    mutating func add(ids: [ArticleID]) {
        array(.id, ids.count) { parameters in
            for id in ids {
                parameters.append(Int32(16))
                parameters.append(id)
            }
        }
    }

    /// A bigint[].
    mutating func add(numbers: [Int64]) {
        array(.number, numbers.count) { parameters in
            for number in numbers {
                parameters.append(Int32(8))
                parameters.append(number)
            }
        }
    }

    /// A bytea[]; `nil` elements are NULL.
    mutating func add(all values: [[UInt8]?]) {
        memory.reserveCapacity(memory.count + values.reduce(64) { $0 + 4 + ($1?.count ?? 0) })
        array(.bytes, values.count, hasNull: values.contains { $0 == nil }) { parameters in
            for value in values {
                guard let value else {
                    parameters.append(Int32(-1))
                    continue
                }
                parameters.append(Int32(value.count))
                parameters.memory.append(contentsOf: value)
            }
        }
    }

    private mutating func part(_ body: (inout Parameters) -> Void) {
        let start = memory.count
        body(&self)
        parts.append(start..<memory.count)
    }

    /// The header of array_recv: dimensions, whether there are NULLs, the elements' type, length and lower bound.
    private mutating func array(
        _ element: Element, _ count: Int, hasNull: Bool = false, _ body: (inout Parameters) -> Void
    ) {
        part { parameters in
            parameters.append(Int32(count == 0 ? 0 : 1))
            parameters.append(Int32(hasNull ? 1 : 0))
            parameters.append(element.rawValue)
            if count == 0 { return }
            parameters.append(Int32(count))
            parameters.append(Int32(1))
            body(&parameters)
        }
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            memory.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    private mutating func append(_ id: ArticleID) {
        append(id.high)
        append(id.low)
    }

    /// Calls `body` with the arrays that PQsendQueryPrepared takes: values, lengths, and formats, all of them binary.
    func withC<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        let lengths = parts.map { Int32($0?.count ?? 0) }
        let formats = parts.map { _ in Int32(1) }
        return unsafe memory.withUnsafeBytes { memory in
            // An empty value has an address, too: NULL would be SQL's.
            var none = CChar(0)
            return unsafe withUnsafePointer(to: &none) { none in
                let start = unsafe memory.baseAddress?.assumingMemoryBound(to: CChar.self)
                let values: [UnsafePointer<CChar>?] = unsafe parts.map { part in
                    guard let part else { return nil }
                    return unsafe start.map { unsafe $0 + part.lowerBound } ?? none
                }
                return unsafe values.withUnsafeBufferPointer { values in
                    unsafe lengths.withUnsafeBufferPointer { lengths in
                        unsafe formats.withUnsafeBufferPointer { formats in
                            unsafe body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
                        }
                    }
                }
            }
        }
    }
}

/// A prepared statement with its parameters.
struct Query: Sendable {
    let statement: Statement
    var parameters = Parameters()

    init(_ statement: Statement, _ fill: (inout Parameters) -> Void = { _ in }) {
        self.statement = statement
        fill(&parameters)
    }
}
