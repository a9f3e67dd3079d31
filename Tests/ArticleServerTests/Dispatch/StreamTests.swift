// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Testing

@testable import ArticleServer

@Suite struct StreamTests {
    private static func request(_ method: UInt16, stream: UInt32 = 1, _ payload: [UInt8] = [], flags: FrameFlags = .end)
        -> WireFrame
    {
        WireFrame(kind: .request, flags: flags, method: method, stream: stream, payload: payload)
    }

    @Test func aRequestIsAnsweredAtOnce() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(1, [5, 6]))
        #expect(try harness.sent() == [WireFrame(kind: .message, flags: .end, stream: 1, payload: [5, 6])])
        #expect(harness.session.inFlight == 0)
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func framesMayBeSplitAnywhere() throws {
        let bytes =
            Self.request(1, stream: 1, [1]).bytes + Self.request(1, stream: 2, [2, 2]).bytes
            + WireFrame(kind: .ping).bytes
        for split in 0...bytes.count {
            let harness = try SessionHarness()
            harness.receive(Array(bytes[..<split]))
            harness.receive(Array(bytes[split...]))
            #expect(try harness.sent().map(\.payload) == [[1], [2, 2], []], "split at \(split)")
        }
    }

    @Test func aLateAnswerGoesToItsStream() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2, stream: 9))
        #expect(try harness.sent().isEmpty)
        harness.receive(Self.request(1, stream: 10, [1]))
        #expect(try harness.sent().map(\.stream) == [10])
        #expect(harness.script.respond([4]) == UInt32(ARTICLED_SENT))
        #expect(try harness.sent() == [WireFrame(kind: .message, flags: .end, stream: 9, payload: [4])])
        #expect(harness.session.inFlight == 0)
    }

    @Test func aSecondAnswerIsIgnored() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2))
        _ = harness.script.respond([4])
        #expect(harness.script.respond([5]) == UInt32(ARTICLED_GONE))
        #expect(try harness.sent().count == 1)
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func aStreamInUseMayNotBeOpenedAgain() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2), Self.request(2))
        #expect(try harness.sent().first?.status().code == StatusCode.protocolError.rawValue)
        #expect(harness.script.cancellations.count == 1)
        // The plugin still ends it; then nothing is left.
        #expect(harness.script.fail(ARTICLED_CANCELLED) == UInt32(ARTICLED_GONE))
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func refusalsConcernOneStream() throws {
        var limits = ServiceLimits()
        limits.maxInFlight = 1
        let harness = try SessionHarness(limits: limits)
        harness.receive(
            Self.request(99, stream: 1), Self.request(4, stream: 2), Self.request(1, stream: 3, flags: []),
            Self.request(3, stream: 4, [1], flags: []), Self.request(2, stream: 5), Self.request(1, stream: 6))
        let answers = try harness.sent()
        let expected: [StatusCode] = [
            .unimplemented, .permissionDenied, .invalidArgument, .invalidArgument, .resourceExhausted,
        ]
        #expect(try answers.map { try $0.status().code } == expected.map(\.rawValue))
        #expect(answers.map(\.stream) == [1, 2, 3, 4, 6])
        #expect(harness.session.inFlight == 1)
    }

    @Test func cancelAnswersAtOnceAndTellsThePlugin() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2, stream: 3), WireFrame(kind: .cancel, stream: 3))
        #expect(try harness.sent().map { try $0.status().code } == [StatusCode.cancelled.rawValue])
        #expect(harness.script.cancellations == [UInt32(ARTICLED_CANCELLED)])
        // It counts until its plugin has ended it.
        #expect(harness.session.inFlight == 1)
        #expect(harness.script.respond([1]) == UInt32(ARTICLED_GONE))
        #expect(harness.session.inFlight == 0)
        #expect(try harness.sent().isEmpty)
    }

    @Test func cancelOfAnEndedStreamIsARace() throws {
        let harness = try SessionHarness()
        harness.receive(
            WireFrame(kind: .cancel, stream: 3), WireFrame(kind: .message, stream: 3), WireFrame(kind: .end, stream: 3),
            WireFrame(kind: .credit, stream: 3, payload: Credit(bytes: 5).encoded()))
        #expect(try harness.sent().isEmpty)
        #expect(!harness.session.isOver)
    }

    @Test func aDeadlineThatHasPassedIsAnswered() throws {
        let harness = try SessionHarness()
        let options = CallOptions(deadlineMs: 1).encoded()
        harness.receive(Self.request(2, stream: 8, [UInt8(options.count)] + options, flags: [.end, .options]))
        while try harness.sent().isEmpty, harness.session.inFlight == 1, harness.script.cancellations.isEmpty {
            harness.loop.turn()
        }
        #expect(harness.script.cancellations == [UInt32(ARTICLED_DEADLINE_EXCEEDED)])
        _ = harness.script.fail(ARTICLED_CANCELLED)
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test(arguments: [[0xff, 0xff, 0xff], [5, 1], [], [0x80], [2, 0x08, 0x80]] as [[UInt8]])
    func brokenOptionsAreRefused(_ payload: [UInt8]) throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(1, payload, flags: [.end, .options]))
        #expect(try harness.sent().map { try $0.status().code } == [StatusCode.invalidArgument.rawValue])
    }

    @Test func streamedMessagesReachThePluginInOrder() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(3, flags: []))
        harness.receive(WireFrame(kind: .message, stream: 1, payload: [1]))
        harness.receive(WireFrame(kind: .message, flags: .end, stream: 1, payload: [2]))
        #expect(harness.script.messages == [[1], [2]])
        #expect(harness.script.ends == 1)
        #expect(harness.script.finish() == UInt32(ARTICLED_SENT))
        #expect(try harness.sent() == [WireFrame(kind: .end, stream: 1)])
    }

    /// The messages that came before, then those that come meanwhile, then the end.
    @Test func aPluginThatWatchesLateMissesNothing() throws {
        let harness = try SessionHarness()
        harness.script.watchesLater = true
        harness.receive(Self.request(3, flags: []))
        for byte in 1...3 { harness.receive(WireFrame(kind: .message, stream: 1, payload: [UInt8(byte)])) }
        harness.script.watch()
        harness.receive(WireFrame(kind: .message, flags: .end, stream: 1, payload: [4]))
        harness.loop.turn()
        #expect(harness.script.order == ["1", "2", "3", "4", "end"])
        #expect(harness.script.finish() == UInt32(ARTICLED_SENT))
        #expect(harness.loop.requests.inUse == 0)
    }

    /// It would send what other answers have left in the buffer.
    @Test func aPartWithoutBytesIsNoAnswer() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2))
        #expect(harness.script.respondWithNothing(5000) == UInt32(ARTICLED_TOO_LARGE))
        #expect(try harness.sent().map { try $0.status().code } == [StatusCode.internal.rawValue])
        #expect(harness.loop.requests.inUse == 0)
    }

    @Test func messagesBeyondTheCreditEndTheConnection() throws {
        var limits = ServiceLimits()
        limits.streamWindow = 40
        let harness = try SessionHarness(limits: limits)
        harness.receive(Self.request(3, flags: []))
        // 40, 40 - 32, below zero: the third has no credit left.
        for byte in 0..<2 {
            harness.receive(WireFrame(kind: .message, stream: 1, payload: Array(repeating: UInt8(byte), count: 16)))
        }
        #expect(!harness.session.isOver)
        harness.receive(WireFrame(kind: .message, stream: 1))
        #expect(harness.session.isOver)
        #expect(try harness.sent().last?.status().code == StatusCode.protocolError.rawValue)
    }

    @Test func consumedMessagesGiveCreditBack() throws {
        var limits = ServiceLimits()
        limits.streamWindow = 64
        let harness = try SessionHarness(limits: limits)
        harness.receive(Self.request(3, flags: []))
        harness.receive(WireFrame(kind: .message, stream: 1, payload: Array(repeating: 1, count: 32)))
        harness.script.consumed(48)
        #expect(try harness.sent() == [WireFrame(kind: .credit, stream: 1, payload: Credit(bytes: 48).encoded())])
        // More than it was given is not given back.
        harness.script.consumed(1_000_000)
        #expect(try harness.sent().isEmpty)
    }

    @Test func sendingStopsWithoutCreditAndGoesOnWithIt() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(3, flags: .end))
        var count = 0
        while harness.script.send(Array(repeating: 7, count: 34)) == UInt32(ARTICLED_SENT) { count += 1 }
        #expect(count == 2)  // 100, 50, 0
        harness.receive(WireFrame(kind: .credit, stream: 1, payload: Credit(bytes: 1).encoded()))
        #expect(harness.script.writables == 1)
        #expect(harness.script.send([1]) == UInt32(ARTICLED_SENT))
        #expect(harness.script.send([1]) == UInt32(ARTICLED_BLOCKED))
        _ = harness.script.fail(ARTICLED_NOT_FOUND)
        #expect(try harness.sent().last?.status().code == StatusCode.notFound.rawValue)
    }

    @Test func aResponseLargerThanThePeerTakesIsAnError() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2))
        #expect(harness.script.respond(Array(repeating: 0, count: 65537)) == UInt32(ARTICLED_TOO_LARGE))
        #expect(try harness.sent().map { try $0.status().code } == [StatusCode.resourceExhausted.rawValue])
        #expect(harness.session.inFlight == 0)
    }

    @Test func drainingFinishesWhatIsInFlightAndTakesNothingNew() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2, stream: 1))
        harness.session.drain()
        harness.receive(Self.request(1, stream: 2))
        #expect(!harness.session.isDrained)
        _ = harness.script.respond([1])
        #expect(!harness.session.isDrained, "other requests may be on their way")
        harness.receive(WireFrame(kind: .pong))
        #expect(harness.session.isDrained)
        #expect(try harness.sent().map(\.kind) == [.goAway, .ping, .error, .message])
    }

    @Test func aConnectionThatGoesCancelsItsRequests() throws {
        let harness = try SessionHarness()
        harness.receive(Self.request(2, stream: 1))
        harness.session.close(.unavailable)
        #expect(harness.script.cancellations == [UInt32(ARTICLED_UNAVAILABLE)])
        #expect(harness.script.respond([1]) == UInt32(ARTICLED_GONE))
        #expect(harness.loop.requests.inUse == 0)
    }
}
