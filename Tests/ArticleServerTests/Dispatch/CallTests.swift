// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

/// Calls of a plugin's method by another plugin, for a client's request.
@Suite struct CallTests {
    private let harness: SessionHarness
    private let plugin: CallingPlugin

    /// A client's request is in flight, and its plugin may call others.
    init() throws {
        harness = try SessionHarness()
        plugin = CallingPlugin(harness.loop)
        harness.receive(WireFrame(kind: .request, flags: .end, method: 2, stream: 1))
        #expect(try harness.sent().isEmpty)
    }

    private var script: Script { harness.script }
    private var request: UnsafeMutablePointer<articled_request> { unsafe script.kept[0] }

    private func call(_ method: String, _ message: [UInt8] = [], deadline: UInt64 = 0) -> CalledMethod {
        unsafe plugin.call(method, message, for: request, deadline: deadline)
    }

    private func respond(_ index: Int, _ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { bytes in
            var part = unsafe articled_bytes(data: bytes.baseAddress, size: bytes.count)
            return unsafe HostTable.shared.pointee.respond(script.kept[index], &part, 1, nil)
        }
    }

    private func send(_ index: Int, _ count: Int) -> UInt32 {
        let bytes = [UInt8](repeating: 7, count: count)
        return unsafe bytes.withUnsafeBytes { bytes in
            // In two parts, which the caller gets as one.
            let parts = unsafe [
                articled_bytes(data: bytes.baseAddress, size: count - 1),
                articled_bytes(data: bytes.baseAddress, size: 1),
            ]
            return unsafe HostTable.shared.pointee.send(script.kept[index], parts, 2, nil)
        }
    }

    /// Ends the client's request, and expects that nothing is left.
    private func finish() throws {
        _ = script.respond([9])
        #expect(try harness.sent().contains { $0.payload == [9] || $0.kind == .error })
        #expect(harness.session.inFlight == 0)
        #expect(harness.loop.requests.inUse == 0)
        #expect(harness.loop.calls.inFlight == 0)
        #expect(harness.loop.counters.opened.value == harness.loop.counters.closed.value)
    }

    private func count(_ route: Int) -> UInt64 {
        harness.loop.counters.withMethod(route) { $0.byStatus.reduce(0, &+) }
    }

    @Test func anAnswerMayComeAtOnce() throws {
        let called = call("test.echo", [5, 6])
        #expect(called.number == 0, "it has ended")
        #expect(called.messages == [[5, 6]])
        #expect(called.code == ARTICLED_OK)
        #expect(count(0) == 1)
        #expect(try harness.sent().isEmpty)
        try finish()
    }

    @Test func anAnswerMayComeLater() throws {
        let called = call("test.keep", [1])
        #expect(called.number != 0)
        #expect(called.ends.isEmpty)
        #expect(harness.session.inFlight == 1, "the connection's limit is for its own requests")
        #expect(respond(1, [4]) == UInt32(ARTICLED_SENT))
        #expect(called.messages == [[4]])
        #expect(called.code == ARTICLED_OK)
        #expect(respond(1, [5]) == UInt32(ARTICLED_GONE))
        #expect(called.ends.count == 1)
        try finish()
    }

    @Test func anErrorIsPassedOn() throws {
        let called = call("test.keep")
        var text = "no such thing"
        let answer = text.withUTF8 { text in
            unsafe HostTable.shared.pointee.fail(
                script.kept[1], UInt32(ARTICLED_NOT_FOUND), articled_bytes(data: text.baseAddress, size: text.count))
        }
        #expect(answer == UInt32(ARTICLED_SENT))
        #expect(called.code == ARTICLED_NOT_FOUND)
        #expect(called.text == "no such thing")
        try finish()
    }

    @Test func whatCannotBeCalled() throws {
        let unknown = call("test.ecko")
        #expect(unknown.number == 0)
        #expect(unknown.code == ARTICLED_UNIMPLEMENTED)
        #expect(unknown.text == "there is no method test.ecko; did you mean test.echo?")
        let denied = call("test.write")
        #expect(denied.code == ARTICLED_PERMISSION_DENIED)
        #expect(denied.text == "test.write needs the role \"write\", which the client that called test.keep lacks")
        let streamed = call("test.stream")
        #expect(streamed.code == ARTICLED_UNIMPLEMENTED)
        #expect(streamed.text.hasPrefix("test.stream takes a stream of messages"))
        let late = call("test.echo", deadline: 1)
        #expect(late.code == ARTICLED_DEADLINE_EXCEEDED)
        try finish()
    }

    @Test func theCallerCancels() throws {
        let called = call("test.keep")
        plugin.cancel(called)
        #expect(called.code == ARTICLED_CANCELLED)
        #expect(script.cancellations == [UInt32(ARTICLED_CANCELLED)])
        plugin.cancel(called)
        #expect(respond(1, [4]) == UInt32(ARTICLED_GONE))
        #expect(called.messages.isEmpty && called.ends.count == 1)
        try finish()
    }

    @Test func theClientCancels() throws {
        let called = call("test.keep")
        harness.receive(WireFrame(kind: .cancel, stream: 1))
        #expect(called.code == ARTICLED_CANCELLED)
        // The client's request first, then the one that answers the call.
        #expect(script.cancellations == [UInt32(ARTICLED_CANCELLED), UInt32(ARTICLED_CANCELLED)])
        #expect(call("test.echo").code == ARTICLED_CANCELLED, "nobody waits for the request")
        #expect(respond(1, [4]) == UInt32(ARTICLED_GONE))
        try finish()
    }

    @Test func theConnectionIsLost() throws {
        let called = call("test.keep")
        harness.session.close(.unavailable)
        #expect(called.code == ARTICLED_UNAVAILABLE)
        #expect(respond(1, [4]) == UInt32(ARTICLED_GONE))
        _ = script.respond([9])
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func theRequestEndsBeforeItsCalls() throws {
        let (one, two) = (call("test.keep"), call("test.keep"))
        try finishLate()
        #expect(one.code == ARTICLED_CANCELLED && two.code == ARTICLED_CANCELLED)
        #expect(one.text == "the request that made this call has ended")
        #expect(respond(1, [4]) == UInt32(ARTICLED_GONE))
        #expect(respond(2, [4]) == UInt32(ARTICLED_GONE))
        #expect(harness.loop.requests.inUse == 0)
        #expect(harness.loop.calls.inFlight == 0)
        #expect(call("test.echo").code == ARTICLED_CANCELLED, "the request has ended")
    }

    private func finishLate() throws {
        _ = script.respond([9])
        #expect(try harness.sent().map(\.payload) == [[9]])
    }

    /// The caller ends its own request from within the end of the call.
    @Test func theRequestIsAnsweredByTheEndOfItsCall() throws {
        let (request, script) = unsafe (request, script)
        let called = unsafe plugin.call("test.echo", [3], for: request) { called in
            if !called.ends.isEmpty { _ = script.respond(called.messages[0]) }
        }
        #expect(called.code == ARTICLED_OK)
        #expect(try harness.sent().map(\.payload) == [[3]])
        #expect(harness.loop.requests.inUse == 0)
        #expect(harness.session.inFlight == 0)
    }

    @Test func theDeadlineIsTheEarlierOne() throws {
        let now = MonotonicClock.now
        let own = unsafe request.pointee.deadline
        let (short, long) = (call("test.keep", deadline: now + 5_000_000_000), call("test.keep", deadline: own + 1))
        #expect(unsafe script.kept[1].pointee.deadline == now + 5_000_000_000)
        #expect(unsafe script.kept[2].pointee.deadline == own)
        unsafe harness.loop.requests.forEachExpired(at: now + 6_000_000_000) { unsafe RequestTable.expire($0) }
        #expect(short.code == ARTICLED_DEADLINE_EXCEEDED)
        #expect(long.ends.isEmpty)
        #expect(script.cancellations == [UInt32(ARTICLED_DEADLINE_EXCEEDED)])
        plugin.cancel(long)
        for index in 1...2 { _ = respond(index, []) }
        try finish()
    }

    @Test func aStreamHasAWindow() throws {
        let called = call("test.answers")
        var sent = 0
        while sent < 100, send(1, 100_000) == UInt32(ARTICLED_SENT) { sent += 1 }
        #expect(sent == 11, "the window, and the message that exceeds it")
        #expect(called.messages.count == sent)
        #expect(script.writables == 0)
        plugin.consumed(called, 1)
        #expect(script.writables == 0)
        plugin.consumed(called, sent * (100_000 + Int(ARTICLED_MESSAGE_OVERHEAD)))
        #expect(script.writables == 1)
        #expect(send(1, 10) == UInt32(ARTICLED_SENT))
        #expect(unsafe HostTable.shared.pointee.finish(script.kept[1]) == UInt32(ARTICLED_SENT))
        #expect(called.code == ARTICLED_OK)
        #expect(called.messages.last == [UInt8](repeating: 7, count: 10))
        try finish()
    }

    /// The caller answers its request with the message, before it is told the end.
    @Test func theRequestIsAnsweredByTheMessage() throws {
        let (request, script) = unsafe (request, script)
        let called = unsafe plugin.call("test.keep", for: request) { called in
            if called.ends.isEmpty { _ = script.respond(called.messages[0]) }
        }
        #expect(respond(1, [3]) == UInt32(ARTICLED_SENT))
        #expect(called.code == ARTICLED_OK)
        #expect(try harness.sent().map(\.payload) == [[3]])
        #expect(harness.loop.requests.inUse == 0)
    }

    /// A message may be too much for the caller, which cancels while it is delivered.
    @Test func theCallerCancelsFromWithinAMessage() throws {
        let (request, plugin) = unsafe (request, plugin)
        let called = unsafe plugin.call("test.answers", for: request) { called in
            if called.ends.isEmpty { plugin.cancel(called) }
        }
        _ = send(1, 10)
        #expect(called.code == ARTICLED_CANCELLED)
        #expect(called.messages.count == 1)
        #expect(send(1, 10) == UInt32(ARTICLED_GONE))
        #expect(respond(1, []) == UInt32(ARTICLED_GONE))
        try finish()
    }

    /// The same while `handle` of the called method still runs: that learns of it when `handle` has returned.
    @Test func theCallerCancelsInsideHandle() throws {
        let (script, own) = (script, plugin.own)
        let first = UInt64(1) << 48 | 1
        script.beforeHandling = { unsafe HostTable.shared.pointee.call_cancel(own.pointer, first) }
        let called = call("test.keep")
        script.beforeHandling = {}
        #expect(called.number == 0)
        #expect(called.code == ARTICLED_CANCELLED)
        #expect(script.cancellations == [UInt32(ARTICLED_CANCELLED)])
        #expect(respond(1, [4]) == UInt32(ARTICLED_GONE))
        try finish()
    }

    /// And here it answers before it has returned.
    @Test func theCallerCancelsBeforeAnAnswerAtOnce() throws {
        let (script, own) = (script, plugin.own)
        let first = UInt64(1) << 48 | 1
        script.beforeHandling = { unsafe HostTable.shared.pointee.call_cancel(own.pointer, first) }
        let called = call("test.echo", [1])
        script.beforeHandling = {}
        #expect(called.code == ARTICLED_CANCELLED)
        #expect(called.messages.isEmpty)
        try finish()
    }

    @Test func circlesEnd() throws {
        var calls: [CalledMethod] = []
        for depth in 0..<Int(ARTICLED_CALL_DEPTH) {
            calls.append(unsafe plugin.call("test.keep", for: script.kept[depth]))
            #expect(calls.last?.ends.isEmpty == true)
        }
        let last = unsafe plugin.call("test.keep", for: script.kept[Int(ARTICLED_CALL_DEPTH)])
        #expect(last.code == ARTICLED_FAILED_PRECONDITION)
        #expect(last.text == "calling: more than 8 calls within calls: test.keep -> test.keep")
        let other = unsafe plugin.call("test.echo", for: script.kept[Int(ARTICLED_CALL_DEPTH)])
        #expect(other.text.hasSuffix("test.keep -> test.keep -> test.echo"))
        // The end of the first one ends them all.
        harness.receive(WireFrame(kind: .cancel, stream: 1))
        #expect(calls.allSatisfy { $0.code == ARTICLED_CANCELLED })
        for index in calls.indices { _ = respond(index + 1, []) }
        try finish()
    }

    @Test func anEndlessMethodHasNoDeadlineOfItsOwn() throws {
        harness.receive(WireFrame(kind: .request, flags: .end, method: 6, stream: 3))
        #expect(unsafe script.kept[1].pointee.deadline == noDeadline)
        #expect(unsafe request.pointee.deadline != noDeadline)
        _ = respond(1, [])
        try finish()
    }
}

/// Swift cannot import the macro.
private let noDeadline = UInt64.max

/// Calls without a request.
@Suite struct OwnCallTests {
    private let harness: SessionHarness
    private let plugin: CallingPlugin

    init() throws {
        harness = try SessionHarness()
        plugin = CallingPlugin(harness.loop)
    }

    private func call(_ method: String, _ message: [UInt8] = []) -> CalledMethod { unsafe plugin.call(method, message) }

    @Test func theyHaveAllRolesAndRunOnALoop() throws {
        let called = call("test.write", [8])
        #expect(called.number != 0)
        #expect(called.ends.isEmpty)
        harness.loop.turn()
        #expect(called.messages == [[8]])
        #expect(called.code == ARTICLED_OK)
        #expect(plugin.own.openCalls.load(ordering: .relaxed) == 0)
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func theyHaveADeadline() throws {
        let (first, second) = (call("test.keep"), call("test.endless"))
        harness.loop.turn()
        let script = harness.script
        let deadline = unsafe script.kept[0].pointee.deadline
        #expect(MonotonicClock.now..<MonotonicClock.now + 31_000_000_000 ~= deadline)
        #expect(unsafe script.kept[1].pointee.deadline == .max)
        #expect(unsafe script.kept[0].pointee.peer_uid == .max)
        plugin.cancel(first)
        plugin.cancel(second)
        #expect(first.code == ARTICLED_CANCELLED && second.code == ARTICLED_CANCELLED)
        for index in unsafe script.kept.indices { _ = unsafe HostTable.shared.pointee.finish(script.kept[index]) }
        #expect(harness.loop.calls.inFlight == 0)
    }

    @Test func aCallMayBeCancelledBeforeItBegins() throws {
        let called = call("test.keep")
        plugin.cancel(called)
        #expect(called.code == ARTICLED_CANCELLED)
        harness.loop.turn()
        #expect(unsafe harness.script.kept.isEmpty)
    }

    @Test func thereAreNoneBeforeTheServiceHasStarted() throws {
        let early = CallingPlugin(harness.loop, isStarted: false)
        let called = unsafe early.call("test.echo")
        #expect(called.number == 0)
        #expect(called.code == ARTICLED_UNAVAILABLE)
        #expect(called.text.contains("before the service has started"))
    }

    @Test func aDrainWaitsForThem() throws {
        let called = call("test.keep")
        harness.loop.turn()
        harness.loop.drain(until: MonotonicClock.now + 60_000_000_000)
        let late = call("test.echo")
        harness.loop.turn()
        #expect(late.code == ARTICLED_UNAVAILABLE)
        guard case .draining = harness.loop.phase else { throw Unexpected() }
        #expect(unsafe HostTable.shared.pointee.finish(harness.script.kept[0]) == UInt32(ARTICLED_SENT))
        harness.loop.inbox.add {}
        harness.loop.turn()
        guard case .stopped = harness.loop.phase else { throw Unexpected() }
        #expect(called.code == ARTICLED_OK)
    }

    @Test func theEndOfTheLoopEndsThem() throws {
        let begun = call("test.keep")
        harness.loop.turn()
        let waiting = call("test.keep")
        harness.loop.calls.close(on: harness.loop)
        let late = call("test.keep")
        for called in [begun, waiting, late] { #expect(called.code == ARTICLED_UNAVAILABLE) }
        #expect(harness.script.cancellations == [UInt32(ARTICLED_UNAVAILABLE)])
        _ = unsafe HostTable.shared.pointee.finish(harness.script.kept[0])
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func thereIsALimit() throws {
        var calls = (0..<Int(ARTICLED_MAX_CALLS)).map { _ in call("test.keep") }
        let last = call("test.keep")
        #expect(last.code == ARTICLED_RESOURCE_EXHAUSTED)
        #expect(last.text.contains("calling has 1024 calls open"))
        plugin.cancel(calls.removeLast())
        #expect(call("test.keep").ends.isEmpty)
        harness.loop.calls.close(on: harness.loop)
    }

    private struct Unexpected: Error {}
}
