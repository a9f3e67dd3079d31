// SPDX-License-Identifier: Apache-2.0
// What a recovery reads: the groups of a log, and the records of a heap. Most are sealed as the engine seals them, so that what stands
// in them is believed, whatever it says.
// modules: LMDBStorage
import ArticleProtocol
import Glibc

@testable import LMDBStorage

private let session = LogSession(high: 1, low: 2)
private let hash = KeyedHash(3, 4)

/// One input: an odd first byte for a log, an even one for a heap; then what it consists of.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    var input = Input(bytes: unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    do {
        if input.number(UInt8.self) % 2 == 1 { try log(&input) } else { try heap(&input) }
    } catch {
        fatalError("\(error)")
    }
    return 0
}

private struct Input {
    let bytes: [UInt8]
    var offset = 0

    var isEmpty: Bool { offset >= bytes.count }

    /// The next bytes, or zeros behind the last.
    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        var value: Number = 0
        for _ in 0..<MemoryLayout<Number>.size {
            guard offset < bytes.count else { return value }
            value = value << 8 | Number(truncatingIfNeeded: bytes[offset])
            offset += 1
        }
        return value
    }

    mutating func some(_ most: Int) -> [UInt8] {
        let size = min(Int(number(UInt8.self)) % (most + 1), bytes.count - offset)
        defer { offset += size }
        return Array(bytes[offset..<offset + size])
    }
}

/// A file in memory. One input has one, on one thread.
private final class MemoryFile: DiskFile, @unchecked Sendable {
    let path = "memory"
    var bytes: [UInt8]
    let isLinked = true

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func size() -> Int { bytes.count }

    func read(_ count: Int, at offset: Int) -> [UInt8] {
        guard offset < bytes.count else { return [] }
        return Array(bytes[offset..<min(bytes.count, offset + count)])
    }

    func write(_ parts: [iovec], at offset: Int) { fatalError("nothing is written by a survey") }
    func startWriting(_ count: Int, at offset: Int) {}
    func writeAhead(_ count: Int, at offset: Int) {}
    func sync() {}
    func forget(_ count: Int, at offset: Int) {}
    func shrink(to size: Int) {}
    func close() {}
}

// MARK: The log

private func log(_ input: inout Input) throws {
    let (first, durable) = (number(&input), number(&input))
    var files = [[UInt8](repeating: 0, count: 4096), [UInt8](repeating: 0, count: 4096)]
    var next: UInt64 = 1
    while !input.isEmpty, files[0].count + files[1].count < 1 << 20 {
        let choice = input.number(UInt8.self)
        let index = Int(choice >> 7)
        if choice % 8 == 0 {
            files[index] += input.some(255)
        } else {
            files[index] += group(&input, &next)
        }
        if choice % 8 != 1 {
            let rest = (4096 - files[index].count % 4096) % 4096
            files[index] += [UInt8](repeating: 0, count: rest)
        }
    }
    let memory = files.map { MemoryFile($0) }
    let survey = try LogSurvey(memory, session, from: first, durable: durable)
    let numbers = survey.groups.map(\.group.sequence)
    guard numbers == numbers.sorted(), Set(numbers).count == numbers.count, numbers.allSatisfy({ $0 >= first }) else {
        fatalError("the groups are not in their order")
    }
    for gap in survey.missing where numbers.contains(where: gap.contains) { fatalError("what is there is missing") }
    var last: UInt64?
    for found in try survey.valid(nil) {
        let payload = try survey.payload(found)
        let isSound = try unsafe payload.lend { bytes throws(ServiceError) in
            try unsafe LogEntry.forEach(bytes, count: found.group.count) { _ = $0.hasRecord(nil) }
        }
        guard isSound else { fatalError("a group that counts is not sound") }
        if found.group.sequence > survey.durable, let last, last >= survey.durable, found.group.sequence != last + 1 {
            fatalError("a group behind a gap counts")
        }
        last = found.group.sequence
    }
}

/// Mostly what comes next; now and then anything.
private func number(_ input: inout Input, _ usual: UInt64 = 1) -> UInt64 {
    let choice = input.number(UInt8.self)
    return choice < 4
        ? input.number() : choice < 16 ? UInt64.max - UInt64(choice % 4) : usual &+ UInt64(choice % 4) &- 1
}

private func group(_ input: inout Input, _ next: inout UInt64) -> [UInt8] {
    var (payload, heads): ([UInt8], [UInt8]) = ([], [])
    let entries = Int(input.number(UInt8.self) % 5)
    for _ in 0..<entries {
        let record = record(&input, at: 1024)
        let id = ArticleID(high: 7, low: UInt64(input.number(UInt8.self)))
        let choice = input.number(UInt8.self)
        var head = [UInt8](repeating: 0, count: LogEntry.size)
        let location = HeapLocation(
            offset: choice < 8 ? Int(truncatingIfNeeded: input.number(UInt64.self)) & .max : Int(choice) * 64,
            count: choice % 16 == 1 ? Int(input.number(UInt32.self)) : record.count)
        unsafe head.withUnsafeMutableBytes {
            unsafe LogEntry.encode(
                id, choice % 2 == 0 ? .article : .deletion, location, checksum: record.integer(at: 0),
                isInHeap: choice % 4 == 0, to: $0.baseAddress!)
        }
        heads += head
        payload += head
        if choice % 4 != 0 { payload += record }
    }
    let sequence = number(&input, next)
    next = sequence &+ 1
    let group = LogGroup(
        sequence: sequence,
        payloadSize: input.number(UInt8.self) == 0 ? Int(input.number(UInt32.self)) << 8 : payload.count,
        count: input.number(UInt8.self) == 0 ? Int(input.number(UInt32.self)) : entries, session: session,
        durable: number(&input, sequence), records: number(&input))
    var bytes = group.encoded()
    let checksum = CRC32C.checksum(heads, continuing: LogGroup.checksum(ofHead: bytes))
    LogGroup.seal(&bytes, input.number(UInt8.self) == 0 ? 1 : checksum)
    return bytes + payload
}

// MARK: The heap

/// A record as it would lie at an offset, with sizes that may be lies.
private func record(_ input: inout Input, at offset: Int) -> [UInt8] {
    let (key, terms, content) = (input.some(40), input.some(40), input.some(200))
    let lie = input.number(UInt8.self)
    var header = RecordHeader(
        kind: lie % 4 == 3 ? .deletion : .article, id: ArticleID(high: 7, low: UInt64(input.number(UInt8.self))),
        sequence: number(&input), seal: 0, termsSize: UInt16(terms.count),
        contentChecksum: CRC32C.checksum(content), keySize: UInt32(key.count), revision: number(&input),
        createdAt: 1, storedAt: 2, time: 3, contentSize: UInt32(content.count))
    switch lie {
    case 8..<16: header.keySize = input.number()
    case 16..<24: header.termsSize = input.number()
    case 24..<32: header.contentSize = input.number()
    case 32..<40: header.contentChecksum = input.number()
    default: break
    }
    header.seal = RecordHeader.seal(hash, header.id, header.sequence, at: lie == 7 ? offset + 64 : offset)
    var bytes = [UInt8](repeating: 0, count: RecordHeader.size)
    unsafe bytes.withUnsafeMutableBytes { unsafe header.encode(to: $0) }
    bytes += key + terms + content
    let covered = min(bytes.count, header.contentOffset)
    bytes.set(CRC32C.checksum(Array(bytes[4..<covered])), at: 0)
    return bytes
}

private func heap(_ input: inout Input) throws {
    var bytes = [UInt8](repeating: 0, count: 1024)
    while !input.isEmpty, bytes.count < 1 << 20 {
        let choice = input.number(UInt8.self)
        if choice % 8 == 0 {
            bytes += input.some(255)
        } else {
            bytes += record(&input, at: bytes.count)
        }
        if choice != 1 { bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64) }
    }
    let size = bytes.count
    let scan = HeapScan(file: MemoryFile(bytes), hash: hash)
    let whole = 1024..<size
    let from = 1024 + Int(input.number(UInt8.self)) * 64
    for part in [nil, from..<max(from, size - Int(input.number(UInt8.self)))] {
        var last = -1
        let visit = { (found: HeapScan.Found) throws(ServiceError) in
            let location = found.location
            guard location.offset > last, whole.contains(location.offset), location.count <= size - location.offset
            else { fatalError("a record where there is none") }
            guard found.header.isSealed(hash, at: location.offset) else { fatalError("it is not of this place") }
            last = location.offset
        }
        try scan.forEach(in: part, progress: { _ in }, visit)
    }
}
