// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import HandlerKit
import Testing

/// Calls of other plugins' methods, and what a plugin tells of itself.
@Suite struct CallingTests {
    let loop = ManualLoop()
    let plugin: TestPlugin

    init() throws { plugin = try unsafe TestPlugin(exportPlugin(Busy.self)) }

    private func handle(_ method: String, _ payload: String, _ bytes: [UInt8] = []) async -> TestRequest {
        let request = TestRequest(loop, Array("\(payload)\n".utf8) + bytes)
        plugin.handle(method, request)
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.violations == [])
        return request
    }

    @Test func anAnswer() async {
        let request = await handle("busy.call", "other.echo", [1, 2, 3])
        #expect(request.ends == [.response([1, 2, 3], checksum: nil)])
        #expect(ManualHost.madeCalls.contains("other.echo for 77 until 5"))
        request.close()
    }

    @Test func anErrorIsTheHandlers() async {
        let failed = await handle("busy.call", "other.fail")
        #expect(failed.ends == [.failed(UInt32(ARTICLED_NOT_FOUND), "no such thing")])
        failed.close()
        let unknown = await handle("busy.call", "other.ecko")
        #expect(unknown.ends == [.failed(UInt32(ARTICLED_UNIMPLEMENTED), "there is no method other.ecko")])
        unknown.close()
    }

    /// Each message brings the next one, so all of them were consumed.
    @Test func aStream() async {
        let request = await handle("busy.stream", "other.numbers", [200])
        #expect(request.sent == (0..<200).map { [$0] })
        #expect(request.ends == [.finished])
        request.close()
    }

    @Test func aStreamWhereOneAnswerIsExpected() async {
        let request = await handle("busy.call", "other.numbers", [2])
        #expect(
            request.ends == [
                .failed(
                    UInt32(ARTICLED_FAILED_PRECONDITION), "other.numbers streams its response: call it with `stream`")
            ])
        request.close()
    }

    @Test func aStreamThatIsLeftIsCancelled() async {
        let request = await handle("busy.leaveStream", "other.numbers", [200])
        #expect(request.ends == [.response([0], checksum: nil)])
        request.close()
    }

    @Test func theTasksCancellationIsTheCalls() async {
        let request = TestRequest(loop, Array("other.never\n".utf8))
        plugin.handle("busy.call", request)
        loop.turn()
        #expect(request.ends == [])
        request.cancel()
        #expect(await loop.turn { !request.ends.isEmpty })
        #expect(request.ends == [.failed(UInt32(ARTICLED_CANCELLED), "the task was cancelled")])
        #expect(request.violations == [])
        request.close()
    }

    /// The reason is the request's, not what the task was told.
    @Test func aRequestThatIsOverSaysWhy() async {
        let request = TestRequest(loop, Array("other.never\n".utf8))
        plugin.handle("busy.call", request)
        loop.turn()
        request.cancel(ARTICLED_UNAVAILABLE)
        #expect(await loop.turn { !request.ends.isEmpty })
        guard case .failed(let code, _)? = request.ends.first else {
            Issue.record("it did not fail")
            return
        }
        #expect(code == UInt32(ARTICLED_UNAVAILABLE))
        request.close()
    }

    @Test func theDescriptor() throws {
        let plugin = unsafe plugin.descriptor.pointee
        #expect(unsafe plugin.flags == UInt32(ARTICLED_PLUGIN_NEEDS_DIRECTORY))
        let after = unsafe (0..<Int(plugin.after_count)).map { unsafe String(cString: plugin.after[$0]!) }
        #expect(after == ["search", "duplicates"])
        #expect(
            unsafe plugin.methods[1]!.pointee.flags
                == UInt32(ARTICLED_METHOD_STREAM_RESPONSE | ARTICLED_METHOD_ENDLESS))
    }

    @Test func metrics() {
        final class Lines { var all: [String] = [] }
        let lines = Lines()
        unsafe plugin.descriptor.pointee.metrics(
            plugin.instance,
            { lines, metric in
                let lines = unsafe Unmanaged<Lines>.fromOpaque(lines!).takeUnretainedValue()
                let metric = unsafe metric!.pointee
                let unit = unsafe metric.unit.map { unsafe String(cString: $0) } ?? "none"
                let labels = unsafe (0..<metric.label_count * 2).map { unsafe ManualHost.text(metric.labels[$0]) }
                unsafe lines.all.append(
                    "\(metric.kind) \(String(cString: metric.name)) \(metric.value) \(unit) \(labels)")
            }, Unmanaged.passUnretained(lines).toOpaque())
        #expect(
            lines.all == [
                #"1 lookups 7.0 none ["part", "a", "kind", ""]"#, "2 index_bytes 0.5 bytes []",
            ])
    }
}
