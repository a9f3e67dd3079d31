// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization
import Testing

@testable import HandlerKit

/// The two sides of the boundary may know structures of different sizes, also within one call.
@Suite struct SkewTests {
    private let engine: TestPlugin

    init() throws { engine = try unsafe TestPlugin(exportEngine(MemoryEngine.self)) }

    /// What the engine is told of a write, as a header of another age has it.
    fileprivate struct Written: Equatable {
        var outcome: Int
        var code: UInt32 = 0
        var text = ""
    }

    /// Calls the engine with one structure for each size, all other bytes of whose memory are 0xff.
    private func write(
        sizes: [Int?], terms: Bool = false, kinds: [Int: UInt32] = [:]
    ) async -> [Written] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 * sizes.count, alignment: 16)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xff)
        var term: [UInt8] = Array("term".utf8)
        return await withCheckedContinuation { (continuation: CheckedContinuation<[Written], Never>) in
            unsafe term.withUnsafeMutableBytes { term in
                var list = unsafe articled_bytes(data: term.baseAddress, size: term.count)
                var writes: [UnsafePointer<articled_write>?] = unsafe sizes.enumerated().map { index, size in
                    guard let size else { return nil }
                    var write = unsafe articled_write()
                    unsafe write.size = UInt32(size)
                    unsafe write.kind = kinds[index] ?? UInt32(ARTICLED_WRITE_PUT)
                    unsafe write.flags = UInt32(ARTICLED_WRITE_BY_ID)
                    unsafe write.id.0 = UInt8(truncatingIfNeeded: index + 1)
                    unsafe write.expected_revision = .max
                    unsafe write.time = .min
                    unsafe write.terms = withUnsafePointer(to: &list) { unsafe $0 }
                    unsafe write.term_count = terms ? 1 : 0
                    let place = unsafe memory.baseAddress! + 512 * index
                    unsafe withUnsafeBytes(of: write) { bytes in
                        unsafe place.copyMemory(from: bytes.baseAddress!, byteCount: min(size, bytes.count))
                    }
                    return unsafe UnsafePointer(place.assumingMemoryBound(to: articled_write.self))
                }
                let waiting = unsafe Unmanaged.passRetained(Waiting(continuation))
                unsafe engine.descriptor.pointee.storage.pointee.write(
                    engine.instance, &writes, sizes.count,
                    { context, results, count in
                        let waiting = unsafe Unmanaged<Waiting>.fromOpaque(context!).takeRetainedValue()
                        waiting.continuation.resume(
                            returning: (0..<count).map { index in
                                let result = unsafe results![index]!.pointee
                                let text = unsafe UnsafeRawBufferPointer(
                                    start: result.message.data, count: result.message.size)
                                return unsafe Written(
                                    outcome: Int(result.outcome), code: result.code,
                                    text: String(decoding: text, as: UTF8.self))
                            })
                    }, waiting.toOpaque())
            }
        }
    }

    private let whole = unsafe MemoryLayout<articled_write>.size

    @Test func writesOfOneCallAreCompletedTogetherInOrder() async {
        let results = await write(sizes: [whole, whole, whole], kinds: [1: 77])
        #expect(results.map(\.outcome) == [ARTICLED_CREATED, ARTICLED_REFUSED, ARTICLED_CREATED])
        #expect(results[1].code == StatusCode.unimplemented.rawValue)
        #expect(results[1].text == "a write of the unknown kind 77")
        #expect(results[2].text == "")
    }

    /// The first author knows more members than this engine, the last one fewer: it has no terms.
    @Test func writesOfDifferentSizesInOneCall() async throws {
        let short = unsafe try #require(MemoryLayout<articled_write>.offset(of: \.terms))
        let results = await write(sizes: [whole + 64, whole, short], terms: true)
        #expect(results.map(\.outcome) == [ARTICLED_CREATED, ARTICLED_CREATED, ARTICLED_CREATED])
        let storage = unsafe try InjectedStorage(
            engine.descriptor.pointee.storage, engine: engine.instance)
        var terms = TermList()
        terms.append("term", RawSpan())
        var found: [UInt64] = []
        _ = try storage.lend(StorageQuery(terms: terms)) {
            found.append($0.id.high >> 56)
            return true
        }
        #expect(found.sorted() == [1, 2])
    }

    @Test func aWriteThatIsTooShortOrMissingConcernsOnlyItself() async {
        let results = await write(sizes: [whole, 16, nil, whole])
        #expect(
            results.map(\.outcome) == [ARTICLED_CREATED, ARTICLED_REFUSED, ARTICLED_REFUSED, ARTICLED_CREATED])
        #expect(results[1].code == StatusCode.internal.rawValue)
        #expect(results[1].text == "a write has 16 bytes, too few: its author's header is another one")
        #expect(results[2].code == StatusCode.internal.rawValue)
    }

    @Test func countsAreBounded() async {
        #expect(await write(sizes: []) == [])
        let most = Int(ARTICLED_MAX_WRITES)
        #expect(await write(sizes: Array(repeating: whole, count: most + 1)) == [])
        let results = await write(sizes: Array(repeating: 8, count: most))
        #expect(results.count == most)
        #expect(results.allSatisfy { $0.outcome == ARTICLED_REFUSED && !$0.text.isEmpty })
    }

    /// An engine's results, with members that this side does not know, or without the last ones.
    @Test(arguments: [0, 40, -16, -200])
    func resultsOfAnotherSize(difference: Int) throws {
        var table = unsafe try #require(unsafe engine.descriptor.pointee.storage).pointee
        unsafe table.write = { engine, _, count, done, context in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)
            defer { unsafe memory.deallocate() }
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xff)
            let size = unsafe MemoryLayout<articled_written>.size + Int(bitPattern: engine)
            var result = unsafe articled_written()
            unsafe result.size = UInt32(clamping: size)
            unsafe result.outcome = UInt32(ARTICLED_UPDATED)
            unsafe result.revision = 7
            unsafe result.stored_at = 9
            unsafe withUnsafeBytes(of: result) { bytes in
                unsafe memory.baseAddress!.copyMemory(
                    from: bytes.baseAddress!, byteCount: max(4, min(size, bytes.count)))
            }
            var results: UnsafePointer<articled_written>? = unsafe UnsafePointer(
                memory.baseAddress!.assumingMemoryBound(to: articled_written.self))
            unsafe done?(context, &results, count)
        }
        let answer = Mutex<WriteResult?>(nil)
        unsafe try withUnsafePointer(to: &table) { table in
            let storage = try unsafe InjectedStorage(table, engine: UnsafeMutableRawPointer(bitPattern: difference))
            storage.write(StorageWrite(delete: .generate())) { result in answer.withLock { $0 = result } }
        }
        let result = try #require(answer.withLock { $0 })
        guard difference > -200 else {
            guard case .refused(let error) = result.outcome else {
                Issue.record("\(result)")
                return
            }
            #expect(error.code == StatusCode.internal)
            return
        }
        guard case .updated = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(result.revision == 7)
        #expect(result.storedAt == 9)
    }
}

private final class Waiting: Sendable {
    let continuation: CheckedContinuation<[SkewTests.Written], Never>
    init(_ continuation: CheckedContinuation<[SkewTests.Written], Never>) { self.continuation = continuation }
}
