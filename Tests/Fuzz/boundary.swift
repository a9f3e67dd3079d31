// SPDX-License-Identifier: Apache-2.0
// What a plugin or an engine may say across the C boundary, against HandlerKit's reading of it. Pointers are good, as the header asks;
// all numbers are anything.
// modules: HandlerKit
import ArticleProtocol
import CPluginABI

@testable import HandlerKit

/// One input: which structure, its members, then the bytes that they lend.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    var input = unsafe Input(bytes: UnsafeRawBufferPointer(start: data, count: count))
    switch input.number(UInt8.self) % 7 {
    case 0: write(&input)
    case 1: query(&input)
    case 2: written(&input)
    case 3: record(&input)
    case 4: changes(&input)
    case 5: answer(&input)
    default: failure(&input)
    }
    return 0
}

private struct Input {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        var value: Number = 0
        for _ in 0..<MemoryLayout<Number>.size {
            guard offset < bytes.count else { return value }
            value = value << 8 | Number(truncatingIfNeeded: unsafe bytes[offset])
            offset += 1
        }
        return value
    }

    /// Bytes that are there, or none with a size that is a lie.
    mutating func lent() -> articled_bytes {
        let choice = number(UInt8.self)
        if choice == 255 { return unsafe articled_bytes(data: nil, size: number()) }
        let size = min(Int(choice), bytes.count - offset)
        defer { offset += size }
        return unsafe articled_bytes(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
    }

    mutating func id() -> (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
    ) {
        var id:
            (
                UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8,
                UInt8
            ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &id) { for index in 0..<16 { unsafe $0[index] = number() } }
        return id
    }

    /// Terms that are there, or none with a count that is a lie.
    mutating func terms(_ body: (UnsafePointer<articled_bytes>?, Int) -> Void) {
        let choice = number(UInt8.self)
        if choice == 255 { return unsafe body(nil, number()) }
        var terms: [articled_bytes] = unsafe []
        for _ in 0..<min(choice, 80) { unsafe terms.append(lent()) }
        unsafe terms.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
    }
}

/// A change is refused, or crosses again as it came.
private func write(_ input: inout Input) {
    var change = unsafe articled_write()
    unsafe change.size = input.number(UInt8.self) == 0 ? input.number() : UInt32(MemoryLayout<articled_write>.size)
    unsafe change.kind = UInt32(input.number(UInt8.self) % 4)
    unsafe change.flags = input.number()
    unsafe change.content_crc32c = input.number()
    unsafe change.id = input.id()
    unsafe change.expected_revision = input.number()
    unsafe change.time = input.number()
    unsafe change.key = input.lent()
    unsafe change.content = input.lent()
    let first = unsafe change
    unsafe input.terms { terms, count in
        var change = unsafe first
        unsafe change.terms = unsafe terms
        unsafe change.term_count = unsafe count
        try? unsafe StorageWrite.with(&change) { write in
            unsafe write.withC { again in
                try? unsafe StorageWrite.with(again) { second in
                    guard second.kind == write.kind, second.time == write.time, second.terms == write.terms,
                        second.content.byteCount == write.content.byteCount, second.key.byteCount == write.key.byteCount
                    else { fatalError("another change") }
                }
            }
        }
    }
}

private func query(_ input: inout Input) {
    var query = unsafe articled_query()
    unsafe query.size = UInt32(MemoryLayout<articled_query>.size)
    unsafe query.after_valid = UInt32(input.number(UInt8.self) % 2)
    unsafe query.from = input.number()
    unsafe query.until = input.number()
    unsafe query.after_time = input.number()
    unsafe query.after_id = input.id()
    unsafe query.most = input.number()
    let first = unsafe query
    unsafe input.terms { terms, count in
        var query = unsafe first
        unsafe query.terms = unsafe terms
        unsafe query.term_count = unsafe count
        guard let asked = try? unsafe StorageQuery(&query) else { return }
        unsafe asked.withC { again in
            guard let second = try? unsafe StorageQuery(again), second.terms == asked.terms,
                second.from == asked.from, second.until == asked.until, second.limit == asked.limit
            else { fatalError("another query") }
        }
    }
}

private func written(_ input: inout Input) {
    var written = unsafe articled_written()
    unsafe written.size = UInt32(MemoryLayout<articled_written>.size)
    unsafe written.outcome = UInt32(input.number(UInt8.self) % 8)
    unsafe written.code = UInt32(input.number(UInt8.self))
    unsafe written.id = input.id()
    unsafe written.revision = input.number()
    unsafe written.message = input.lent()
    let result = unsafe WriteResult(written)
    unsafe WriteResult.withC([result, result]) { again, count in
        guard unsafe count == 2, let again = unsafe again, let last = unsafe again[1] else { fatalError("no results") }
        let second = unsafe WriteResult(last.pointee)
        guard "\(second)" == "\(result)" else { fatalError("another result") }
    }
}

private func record(_ input: inout Input) {
    var record = unsafe articled_record()
    unsafe record.size = UInt32(MemoryLayout<articled_record>.size)
    unsafe record.id = input.id()
    unsafe record.revision = input.number()
    unsafe record.time = input.number()
    unsafe record.content = input.lent()
    unsafe record.key = input.lent()
    let size = unsafe StoredRecord.with(&record) { record in
        unsafe record.withC { unsafe $0.pointee.content.size + $0.pointee.key.size }
    }
    guard size <= input.bytes.count else { fatalError("more bytes than were lent") }
}

/// A query of changes is refused, or crosses again as it came.
private func changes(_ input: inout Input) {
    var query = articled_changes()
    query.size = input.number(UInt8.self) == 0 ? input.number() : UInt32(MemoryLayout<articled_changes>.size)
    query.from = UInt32(input.number(UInt8.self) % 4)
    query.after.epoch = input.id()
    query.after.sequence = input.number()
    query.most = input.number()
    query.most_bytes = input.number()
    guard let asked = try? unsafe ChangeQuery(&query) else { return }
    unsafe asked.withC { again in
        guard let second = try? unsafe ChangeQuery(again), second == asked else { fatalError("another query") }
    }
    guard case .after(let position) = asked.start else { return }
    guard ChangePosition(bytes: position.bytes) == position else { fatalError("another position") }
}

/// What an engine answers late, with records and changes that are there, and counts that may be lies.
private func answer(_ input: inout Input) {
    var record = unsafe articled_record()
    unsafe record.size = UInt32(MemoryLayout<articled_record>.size)
    unsafe record.id = input.id()
    unsafe record.content = input.lent()
    unsafe record.key = input.lent()
    var end = articled_changes_end()
    end.size = UInt32(MemoryLayout<articled_changes_end>.size)
    end.position.sequence = input.number()
    let (choice, lie) = (input.number(UInt8.self), input.number(Int.self))
    unsafe withUnsafePointer(to: record) { record in
        var change = unsafe articled_change()
        unsafe change.size = UInt32(MemoryLayout<articled_change>.size)
        unsafe change.kind = UInt32(choice % 4)
        unsafe change.record = choice % 3 == 0 ? nil : record
        unsafe withUnsafePointer(to: change) { change in
            var records: [UnsafePointer<articled_record>?] = unsafe [record, nil, record]
            var changes: [UnsafePointer<articled_change>?] = unsafe [change, change]
            unsafe records.withUnsafeMutableBufferPointer { records in
                unsafe changes.withUnsafeMutableBufferPointer { changes in
                    unsafe withUnsafePointer(to: end) { end in
                        var result = unsafe articled_read_result()
                        let whole = unsafe MemoryLayout<articled_read_result>.size
                        unsafe result.size = choice == 0 ? UInt32(truncatingIfNeeded: lie) : UInt32(whole)
                        unsafe result.code = choice & 8 == 0 ? 0 : UInt32(truncatingIfNeeded: lie)
                        unsafe result.records = UnsafePointer(records.baseAddress)
                        // More than are there only where that is refused before any is read.
                        let isLie = choice & 16 != 0 && (lie < 0 || lie > Int(ARTICLED_MAX_RESULTS))
                        unsafe result.record_count = isLie ? lie : records.count
                        unsafe result.changes = UnsafePointer(changes.baseAddress)
                        unsafe result.change_count = isLie ? lie : changes.count
                        unsafe result.end = choice & 32 == 0 ? nil : end
                        guard let answer = try? unsafe ReadAnswer(&result) else { return }
                        _ = try? answer.record()
                        _ = try? answer.page()
                        _ = try? answer.changes()
                    }
                }
            }
        }
    }
}

/// What a failed call says, whatever it says of its own text's size.
private func failure(_ input: inout Input) {
    let (code, size, text) = (input.number(UInt32.self), input.number(Int.self), unsafe input.lent())
    _ = try? unsafe articled_failure.check { failure in
        unsafe failure.pointee.set(code, String(text))
        if code % 2 == 1 { unsafe failure.pointee.message_size = size }
        return code
    }
}
