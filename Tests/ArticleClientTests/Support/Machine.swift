// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

@testable import ArticleClient

/// The state machine in a class, because the testing macros cannot hold noncopyable values.
final class Machine {
    private var state = ConnectionState(maxIncoming: 1000, window: 100)

    var hasRoom: Bool { state.hasRoom }
    var inFlight: Int { state.inFlight }

    func open(sending: Bool, streamsResponse: Bool) -> UInt32? {
        state.open(sending: sending, streamsResponse: streamsResponse)
    }
    func maySend(on stream: UInt32) -> Bool { state.maySend(on: stream) }
    func sent(_ bytes: Int, last: Bool, on stream: UInt32) { state.sent(bytes, last: last, on: stream) }
    func grant(_ bytes: Int, on stream: UInt32) -> Bool { state.grant(bytes, on: stream) }
    func cancel(_ stream: UInt32) -> Bool { state.cancel(stream) }

    func receive(_ header: FrameHeader, _ payload: [UInt8]) throws -> ReceivedAction {
        try state.admit(header)
        return try unsafe state.receive(header, payload.span.bytes)
    }
}
