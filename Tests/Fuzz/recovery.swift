// SPDX-License-Identifier: Apache-2.0
// A start on files that somebody has changed: it is refused, or there is a storage whose articles can all be listed and read, or named
// as damaged, and the next start finds the same ones.
// modules: LMDBStorage
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization

@testable import LMDBStorage

/// One input: which storage, whether losses are accepted, then changes of its files.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    var input = Input(bytes: unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    let choice = input.number(UInt8.self)
    var files = choice % 2 == 0 ? templates.killed : templates.closed
    while !input.isEmpty { change(&files, &input) }
    for (name, bytes) in zip(names, files) { write(bytes, to: name) }
    _ = unsafe unlink(directory + "/articles.mdb.unused")
    guard let first = outcome(acceptsLoss: choice & 2 != 0) else { return 0 }
    guard let second = outcome(acceptsLoss: false) else { fatalError("a storage that was served is refused") }
    guard first == second else { fatalError("the next start has other articles") }
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
}

private let names = [
    "articles.mdb", "articles.mdb-records", "articles.mdb-sums", "articles.mdb-redo0", "articles.mdb-redo1",
    "articles.mdb-durable",
]

/// In memory if the machine has such a file system: nothing of it is to be kept.
private let directory: String = {
    var template = Array(
        "\(unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")/articled-fuzz-XXXXXX".utf8CString)
    guard let made = unsafe mkdtemp(&template) else { fatalError("no directory") }
    let path = unsafe String(cString: made)
    atexit {
        for name in names + ["lock", "articles.mdb-lock", "articles.mdb.unused", "articles.mdb.new"] {
            _ = unsafe unlink(directory + "/" + name)
        }
        _ = unsafe rmdir(directory)
    }
    return path
}()

private let limits: EngineLimits = {
    var limits = EngineLimits()
    limits.mapSize = 64 << 20
    limits.logSize = 1 << 20
    limits.scrub = nil
    return limits
}()

private func id(_ number: Int) -> ArticleID { ArticleID(high: 7 << 60, low: UInt64(number) << 32) }

/// A storage after a kill, and the same one after a stop.
private let templates: (killed: [[UInt8]], closed: [[UInt8]]) = {
    for round in 0..<2 {
        guard let engine = try? LMDBEngine(limits, directory: directory) else { fatalError("no storage") }
        for number in 0..<12 {
            let content = Array(repeating: UInt8(number), count: number == 5 ? 300_000 : 100 * number)
            let key = Array("key \(number)".utf8)
            wait { done in
                if number % 5 == 4 {
                    engine.write(StorageWrite(delete: id(number - 1), expectedRevision: nil), completion: done)
                } else {
                    engine.write(
                        StorageWrite(
                            put: .id(id(number + round)), key: key.rawSpan, expectedRevision: nil, time: Int64(number),
                            content: content.rawSpan, contentChecksum: CRC32C.checksum(content), terms: TermList()),
                        completion: done)
                }
            }
        }
        if round == 1 {
            let killed = names.map(read)
            engine.stop()
            return (killed, names.map(read))
        }
        engine.stop()
    }
    fatalError("not reached")
}()

private func wait(_ body: (@escaping @Sendable (WriteResult) -> Void) -> Void) {
    let isDone = Flag()
    body { _ in isDone.value.store(true, ordering: .releasing) }
    while !isDone.value.load(ordering: .acquiring) { usleep(100) }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}

// MARK: Files

private func read(_ name: String) -> [UInt8] {
    guard let file = unsafe fopen(directory + "/" + name, "r") else { return [] }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe fread(&block, 1, block.count, file)
        if count == 0 { break }
        bytes += block[..<count]
    }
    return bytes
}

/// A file that is empty is missing.
private func write(_ bytes: [UInt8], to name: String) {
    _ = unsafe unlink(directory + "/" + name)
    guard !bytes.isEmpty else { return }
    guard let file = unsafe fopen(directory + "/" + name, "w") else { fatalError("no file") }
    defer { unsafe fclose(file) }
    guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else { fatalError("no room") }
}

/// Changes a place in a file, with the checksum that covers it or without.
private func change(_ files: inout [[UInt8]], _ input: inout Input) {
    let choice = input.number(UInt8.self)
    let index = Int(choice % 6)
    let used = (files[index].lastIndex { $0 != 0 } ?? -1) + 1
    guard used > 0 else { return }
    let block = Int(input.number(UInt16.self)) * 64 % used
    let offset = min(used - 1, block + Int(input.number(UInt8.self) % 64))
    switch choice / 6 {
    case 0: files[index] = []
    case 1: files[index].removeLast(files[index].count - offset)
    case 2: files[index] = index >= 3 ? files[7 - index] : templates.closed[index]
    case 3:
        let from = Int(input.number(UInt16.self)) * 64 % used
        for step in 0..<min(4096, used - max(from, block)) { files[index][block + step] = files[index][from + step] }
    default:
        for step in 0..<(1 + Int(choice / 6 % 8)) where offset + step < used {
            files[index][offset + step] = input.number()
        }
        if choice >= 128 { seal(&files[index], index, block) }
    }
}

/// Whoever changed a head made its checksum right.
private func seal(_ bytes: inout [UInt8], _ index: Int, _ block: Int) {
    func seal(_ range: Range<Int>, at place: Int) {
        guard range.upperBound <= bytes.count else { return }
        bytes.set(UInt32(0), at: range.lowerBound + place)
        bytes.set(CRC32C.checksum(Array(bytes[range])), at: range.lowerBound + place)
    }
    switch index {
    case 1: for copy in [0, 512] { seal(copy..<copy + HeapHead.size, at: 12) }
    case 3, 4:
        for copy in [0, 2048] { seal(copy..<copy + LogHeader.size, at: 12) }
        let start = block / LogGroup.block * LogGroup.block
        guard start >= LogHeader.space, bytes.count >= start + LogGroup.size else { return }
        let head = Array(bytes[start..<start + LogGroup.size])
        guard let group = LogGroup(head), group.payloadSize <= bytes.count - start - LogGroup.size else { return }
        let payload = Array(bytes[(start + LogGroup.size)...].prefix(group.payloadSize))
        var checksum = LogGroup.checksum(ofHead: head)
        _ = try? unsafe payload.lend { payload throws(ServiceError) in
            try unsafe LogEntry.forEach(payload, count: group.count) { entry in
                checksum = unsafe CRC32C.checksum(entry.head, continuing: checksum)
            }
        }
        bytes.set(checksum, at: start + 4)
    case 5 where bytes.count >= 40: bytes.set(CRC32C.checksum(Array(bytes[..<36])), at: 36)
    default: break
    }
}

// MARK: The start

/// The articles of the storage, with their checksums; `nil`: the start was refused.
private func outcome(acceptsLoss: Bool) -> [ArticleID: UInt32]? {
    let engine: LMDBEngine
    do throws(ServiceError) {
        engine = try LMDBEngine(limits, directory: directory, acceptsLoss: acceptsLoss)
    } catch {
        guard error.code == .dataLoss || error.code == .failedPrecondition else { fatalError(error.message) }
        return nil
    }
    defer { engine.stop() }
    var found: [ArticleID: UInt32] = [:]
    var changed: Set<ArticleID> = []
    do {
        _ = try engine.statistics()
        _ = try engine.lend(StorageQuery(terms: TermList(), from: nil, until: nil, after: nil, limit: .max)) { record in
            found[record.id] = record.contentChecksum
            return true
        }
        var change: UInt64 = 0
        var start = ChangeQuery.Start.beginning
        while let progress = try engine.lend(
            ChangeQuery(start, limit: 3),
            { found in
                guard found.sequence > change else { fatalError("the changes are not in order") }
                change = found.sequence
                if found.kind == .put { changed.insert(found.record.id) } else { changed.remove(found.record.id) }
                return true
            })
        {
            if !progress.hasMore { break }
            start = .after(progress.position)
        }
        guard changed == Set(found.keys) else { fatalError("the changes and the list differ") }
        for id in (0..<14).map({ id($0) }) {
            var checksum: UInt32?
            do {
                _ = try engine.lend(id: id) { checksum = $0.contentChecksum }
                guard checksum == found[id] else { fatalError("the list and the article differ") }
            } catch {
                guard error.code == .dataLoss else { throw error }
            }
        }
    } catch {
        // Damage that was found is what the start cannot know of.
        guard let error = error as? ServiceError, error.code == .dataLoss else { fatalError("\(error)") }
    }
    return found
}
