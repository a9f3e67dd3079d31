// SPDX-License-Identifier: Apache-2.0
private import CCSV

/// The rows of a table: comma-separated values (RFC 4180), or those with another separator, parsed by libcsv.
///
/// It is fed line by line. A quoted cell may have several lines. Empty lines are passed over.
@safe package final class SeparatedValues {
    package struct Row: Equatable, Sendable {
        /// Where it begins, from 1.
        package let line: Int
        /// The bytes of its cells, without quotes.
        package let cells: [[UInt8]]
    }

    package enum Failure: Error, Equatable {
        /// The row that begins in this line has more than `SeparatedValues.longestRow` bytes. There may be a quote that is not closed.
        case rowTooLong(line: Int)
        /// The last cell of the row that begins in this line has a quote that is not closed.
        case unclosedQuote(line: Int)
        case noMemory
    }

    /// In bytes.
    package static let longestRow = 64 << 20

    private let parser: UnsafeMutablePointer<csv_parser>
    private var cells: [[UInt8]] = []
    private var finished: [Row] = []
    private var begin = 1
    private var line = 0
    private var size = 0

    package init(separator: UInt8) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: csv_parser())
        // It fails only for an unknown option.
        _ = unsafe csv_init(parser, 0)
        unsafe csv_set_delim(parser, separator)
        // Blanks around a cell are a part of it.
        unsafe csv_set_space_func(parser) { _ in 0 }
    }

    deinit {
        unsafe csv_free(parser)
        unsafe parser.deallocate()
    }

    /// Parses one more line.
    ///
    /// - Parameters:
    ///   - bytes: with its line feed, unless it is the last one and has none.
    ///   - number: the line's number.
    /// - Returns: the rows that are complete.
    package func rows(in bytes: [UInt8], line number: Int) throws(Failure) -> [Row] {
        if size == 0 { begin = number }
        line = number
        size += bytes.count
        guard size <= Self.longestRow else { throw .rowTooLong(line: begin) }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let parsed = unsafe csv_parse(parser, bytes, bytes.count, Self.cell, Self.row, context)
        guard parsed == bytes.count else { throw .noMemory }
        return take()
    }

    /// The row that has no line feed behind it.
    package func lastRows() throws(Failure) -> [Row] {
        guard unsafe parser.pointee.pstate != Self.inCell || parser.pointee.quoted == 0 else {
            throw .unclosedQuote(line: begin)
        }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard unsafe csv_fini(parser, Self.cell, Self.row, context) == 0 else { throw .noMemory }
        return take()
    }

    private func take() -> [Row] {
        defer { finished = [] }
        return finished
    }

    /// FIELD_BEGUN of libcsv. What it has for this (CSV_STRICT_FINI) comes with CSV_STRICT, which refuses quotes within cells.
    private static let inCell: Int32 = 2

    private static let cell: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Void = {
        bytes, count, context in
        guard let context = unsafe context else { return }
        let table = unsafe Unmanaged<SeparatedValues>.fromOpaque(context).takeUnretainedValue()
        unsafe table.cells.append(Array(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)))
    }

    private static let row: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Void = { _, context in
        guard let context = unsafe context else { return }
        let table = unsafe Unmanaged<SeparatedValues>.fromOpaque(context).takeUnretainedValue()
        table.finished.append(Row(line: table.begin, cells: table.cells))
        table.cells = []
        table.size = 0
        table.begin = table.line
    }
}
