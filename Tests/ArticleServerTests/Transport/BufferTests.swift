// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime
import Testing

@testable import ArticleServer

@Suite struct BufferTests {
    @Test func outgoingBytesLeaveInOrderWhateverTheSocketTakes() throws {
        let pool = BufferPool()
        let buffer = OutgoingBuffer(pool: pool)
        let (reader, writer) = try socketPair()
        defer {
            Descriptor.close(reader)
            Descriptor.close(writer)
        }
        var expected: [UInt8] = []
        var received: [UInt8] = []
        for round in 0..<200 {
            let piece = (0..<(round * 97 % 9000 + 1)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round) }
            unsafe buffer.extend(by: piece.count).copyMemory(from: piece, byteCount: piece.count)
            expected += piece
            if round % 7 == 0 { _ = try #require(buffer.write(to: writer)) }
            if round % 13 == 0 { received += drain(reader) }
        }
        while !buffer.isEmpty {
            _ = try #require(buffer.write(to: writer))
            received += drain(reader)
        }
        received += drain(reader)
        #expect(received == expected)
    }

    @Test func writingToAClosedSocketIsToldNotSignalled() throws {
        let buffer = OutgoingBuffer(pool: BufferPool())
        let (reader, writer) = try socketPair()
        Descriptor.close(reader)
        defer { Descriptor.close(writer) }
        unsafe buffer.extend(by: 1).storeBytes(of: 1, as: UInt8.self)
        #expect(buffer.write(to: writer) == nil)
    }

    @Test func incomingBytesStayInOrder() {
        let buffer = IncomingBuffer()
        var expected: [UInt8] = []
        var taken: [UInt8] = []
        for round in 0..<500 {
            let piece = (0..<(round * 31 % 3000)).map { UInt8(truncatingIfNeeded: $0 &+ round) }
            unsafe piece.withUnsafeBytes { unsafe buffer.append($0) }
            expected += piece
            let step = min(buffer.count, round * 17 % 2500)
            unsafe taken += Array(buffer.bytes.prefix(step))
            buffer.drop(step)
        }
        unsafe taken += Array(buffer.bytes)
        #expect(taken == expected)
    }
}
