// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Testing

@testable import HandlerKit

/// An engine that also handles requests: one library, one instance, both sides of the boundary.
@Suite struct ServingEngineTests {
    let loop = ManualLoop()
    let plugin: TestPlugin
    let storage: any ArticleStorage

    init() throws {
        plugin = try unsafe TestPlugin(exportEngine(AnsweringEngine.self))
        let table = unsafe try #require(unsafe plugin.descriptor.pointee.storage)
        storage = try unsafe InjectedStorage(table, engine: plugin.instance)
    }

    @Test func theDescriptorHasMethodsAndStorage() {
        #expect(unsafe plugin.descriptor.pointee.method_count == 3)
        #expect(unsafe plugin.descriptor.pointee.storage != nil)
    }

    @Test func itsOwnMethodsSeeWhatIsStored() async {
        let content: [UInt8] = [1]
        let result = await withCheckedContinuation { continuation in
            storage.write(
                unsafe StorageWrite(
                    put: .id(.generate()), key: RawSpan(), expectedRevision: nil, time: nil,
                    content: content.span.bytes,
                    contentChecksum: 7, terms: TermList())
            ) { continuation.resume(returning: $0) }
        }
        #expect(result.revision == 1)
        for method in ["memory.count", "memory.countLater"] {
            let request = TestRequest(loop)
            plugin.handle(method, request)
            #expect(await loop.turn { !request.ends.isEmpty })
            #expect(request.ends == [.response([1], checksum: nil)])
            #expect(request.violations == [])
            request.close()
        }
    }

    @Test func anErrorThatItThrowsIsTheAnswer() async {
        let request = TestRequest(loop)
        plugin.handle("memory.fail", request)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(15, "nothing is left")])
        request.close()
    }

    @Test func theLastCheckCrossesTheBoundary() throws {
        #expect(
            try storage.statistics().scrub
                == StorageStatistics.Scrub(endedAt: -1, records: 2, damaged: 3, isRunning: true))
        #expect(try storage.statistics().backupEndedAt == 4)
    }

    /// A host that was built before the time of the last backup was added, and one before those of the scrub.
    @Test func anOlderHostGetsWhatItHasRoomFor() throws {
        let table = unsafe try #require(unsafe plugin.descriptor.pointee.storage)
        var told = articled_storage_statistics()
        told.size = UInt32(try #require(MemoryLayout<articled_storage_statistics>.offset(of: \.scrub_ended_at)))
        let code = unsafe table.pointee.statistics(plugin.instance, &told, nil)
        #expect(code == 0)
        #expect(told.scrub_ended_at == 0 && told.scrub_damaged == 0)
        told.size = UInt32(try #require(MemoryLayout<articled_storage_statistics>.offset(of: \.backup_ended_at)))
        #expect(unsafe table.pointee.statistics(plugin.instance, &told, nil) == 0)
        #expect(told.scrub_ended_at == -1 && told.scrub_running == 1 && told.backup_ended_at == 0)
    }
}
