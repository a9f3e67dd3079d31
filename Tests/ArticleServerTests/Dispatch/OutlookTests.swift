import ArticleProtocol
import Testing

@testable import ArticleServer

/// Requests that stand behind others in a batch are announced once each, in their order, before their turn.
@Suite struct OutlookTests {
    private static func batch(_ count: UInt32) -> [WireFrame] {
        (1...count).map { WireFrame(kind: .request, flags: .end, method: 1, stream: $0, payload: [UInt8($0), 9]) }
    }

    /// The streams that are told of at each step through the frames.
    private func told(_ bytes: [UInt8], steps: Int) -> [[UInt32]] {
        var outlook = Outlook()
        return (1...steps).map { step in
            var streams: [UInt32] = []
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe outlook.move(to: step * 18, in: bytes) { header, payload in
                    streams.append(header.stream)
                    #expect(unsafe Array(payload) == [UInt8(header.stream), 9])
                }
            }
            return streams
        }
    }

    @Test func eachIsToldOfOnceInItsOrder() {
        let steps = told(Self.batch(12).flatMap(\.bytes), steps: 12)
        #expect(steps == [Array(2...9), [10], [11], [12]] + Array(repeating: [], count: 8))
    }

    @Test func oneByItselfIsToldOfToNobody() {
        #expect(told(Self.batch(1).flatMap(\.bytes), steps: 1) == [[]])
    }

    @Test func whatIsNotWholeIsNotToldOf() {
        let bytes = Self.batch(3).flatMap(\.bytes)
        for cut in 1...18 { #expect(told(bytes.dropLast(cut), steps: 1) == [[2]]) }
    }

    /// A length that lies is not followed.
    @Test func announcedLengthsAreNotBelieved() {
        var bytes = Self.batch(3).flatMap(\.bytes)
        bytes.replaceSubrange(18..<22, with: [0xff, 0xff, 0xff, 0xff])
        #expect(told(bytes, steps: 1) == [[]])
    }
}
