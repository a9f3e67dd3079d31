// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Synchronization
import Testing

/// What the host and a plugin exchange at a start.
@Suite struct StartTests {
    @Test func describesItself() throws {
        let descriptor = try unsafe #require(exportPlugin(Scripted.self))
        #expect(unsafe descriptor == exportPlugin(Scripted.self))
        let plugin = unsafe descriptor.assumingMemoryBound(to: articled_plugin.self).pointee
        #expect(unsafe plugin.magic == 0x4e49_4c50_4454_5241)
        #expect(unsafe plugin.abi == UInt32(ARTICLED_ABI_MAJOR << 16 | ARTICLED_ABI_MINOR))
        #expect(unsafe plugin.size == UInt32(MemoryLayout<articled_plugin>.size))
        #expect(unsafe String(cString: plugin.name) == "scripted")
        #expect(unsafe String(cString: plugin.runtime) == SwiftRuntime.name)
        #expect(unsafe plugin.flags == 0)
        #expect(unsafe plugin.storage == nil)
        #expect(unsafe Int(plugin.method_count) == Scripted.Behaviour.allCases.count)
        let count = unsafe try #require(plugin.methods[7]).pointee
        #expect(unsafe String(cString: count.name) == "test.count")
        #expect(unsafe count.flags == UInt32(ARTICLED_METHOD_STREAM_REQUEST | ARTICLED_METHOD_IDEMPOTENT))
        #expect(unsafe count.role == UInt32(ARTICLED_ROLE_READ))
    }

    @Test func theHostReceivesWhatInitThrows() async {
        let text = await expectFailure(.failedPrecondition) {
            try unsafe TestPlugin(exportPlugin(Scripted.self), configuration: #"{"fails": "no dictionary"}"#)
        }
        #expect(text == "no dictionary")
    }

    @Test func longTextIsCutAtACharacterBoundary() async {
        // The host's buffer has 256 bytes; each letter takes three.
        let text = await expectFailure(.failedPrecondition) {
            try unsafe TestPlugin(
                exportPlugin(Scripted.self), configuration: #"{"fails": "\#(String(repeating: "ộ", count: 200))"}"#)
        }
        #expect(text == String(repeating: "ộ", count: 85))
    }

    @Test func misspeltAndMistypedKeysAreErrorsWithTheirPath() async {
        let unknown = await expectFailure(.invalidArgument) {
            try unsafe TestPlugin(exportPlugin(Scripted.self), configuration: #"{"fials": "x"}"#)
        }
        #expect(unknown == "fials: unknown member; did you mean fails?")
        let mistyped = await expectFailure(.invalidArgument) {
            try unsafe TestPlugin(exportPlugin(Scripted.self), configuration: #"{"fails": 1}"#)
        }
        #expect(mistyped.hasPrefix("fails: "))
        await expectFailure(.invalidArgument) {
            try unsafe TestPlugin(exportPlugin(Scripted.self), configuration: "no JSON")
        }
    }

    @Test func aMissingStorageIsAnError() async {
        let text = await expectFailure(.failedPrecondition) { try TestPlugin(library: "Store") }
        #expect(text.contains("needsStorage"))
    }

    @Test func journal() throws {
        let plugin = try unsafe TestPlugin(exportPlugin(Scripted.self))
        let address = unsafe UInt(bitPattern: plugin.descriptor)
        #expect(ManualHost.journal.withLock { $0[address]?.contains("5 started") } == true)
    }

    @Test func healthDrainAndStop() throws {
        let plugin = try unsafe TestPlugin(exportPlugin(Scripted.self))
        unsafe plugin.descriptor.pointee.drain(plugin.instance)
        unsafe plugin.descriptor.pointee.stop(plugin.instance)
        var text = [CChar](repeating: 0, count: 16)
        unsafe text.withUnsafeMutableBufferPointer { text in
            var failure = unsafe articled_failure()
            unsafe failure.size = UInt32(MemoryLayout<articled_failure>.size)
            unsafe failure.message = text.baseAddress
            unsafe failure.capacity = text.count
            #expect(unsafe plugin.descriptor.pointee.health(plugin.instance, &failure) == UInt32(ARTICLED_DEGRADED))
            let message = unsafe String(decoding: UnsafeRawBufferPointer(text)[..<failure.message_size], as: UTF8.self)
            #expect(message == "stopped")
        }
    }

    /// The default, which tells articled that a restart is needed.
    @Test func reloadMayBeMissing() throws {
        let plugin = try Newsroom().fetch
        let code = unsafe plugin.descriptor.pointee.reload(plugin.instance, articled_bytes(data: nil, size: 0), nil)
        #expect(code == StatusCode.unimplemented.rawValue)
    }

    @Test func reloadMayRefuse() throws {
        let plugin = try unsafe TestPlugin(exportPlugin(Scripted.self))
        for (json, code) in [("{}", ARTICLED_OK), (#"{"fails": "x"}"#, ARTICLED_FAILED_PRECONDITION)] {
            var json = json
            let answer = json.withUTF8 { json in
                unsafe plugin.descriptor.pointee.reload(
                    plugin.instance, articled_bytes(data: json.baseAddress, size: json.count), nil)
            }
            #expect(answer == UInt32(code))
        }
    }
}
