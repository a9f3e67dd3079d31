// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

/// The real articled against the golden vectors.
@Suite(.serialized) struct VectorConformanceTests {
    /// Each invalid vector gets what it says, and nobody else suffers.
    @Test func invalidVectorsGetWhatTheySay() throws {
        let service = try Service(plugins: ["Store", "Fetch", "Changes", "Search", "LMDBStorage"])
        let bystander = try Bystander(service)
        let methods = try RawConnection(service.socketPath).greet()
        for vector in try VectorFile.all("invalid") {
            let connection = try RawConnection(service.socketPath)
            for frame in vector.frames { connection.send(try bytes(frame, methods)) }
            try check(vector, connection)
            #expect(try bystander.isServed(), "\(vector.name)")
        }
    }

    private func check(_ vector: VectorFile, _ connection: RawConnection) throws {
        let expectation = try #require(vector.expectation)
        while case .frame(let header, let payload) = connection.next() {
            #expect(header.checksum == CRC32C.checksum(payload))
            guard header.kind == .error || header.kind == .goAway else { continue }
            let status = try Status(decoding: payload)
            #expect(header.kind.description == expectation.kind, "\(vector.name): \(status.message)")
            #expect(header.stream == expectation.stream, "\(vector.name)")
            #expect(status.code == expectation.code.rawValue, "\(vector.name): \(status.message)")
            #expect(!status.message.isEmpty && status.message.utf8.count <= Limits.statusMessage)
            if header.kind == .goAway { #expect(connection.next() == .ended, "\(vector.name)") }
            return
        }
        Issue.record("\(vector.name): no answer")
    }

    /// The frame with the number that its method has here.
    private func bytes(_ frame: VectorFile.Frame, _ hello: ServerHello) throws -> [UInt8] {
        guard let method = frame.method else { return frame.bytes }
        let number = try hello.number(method)
        var bytes = frame.bytes
        bytes[6] = UInt8(number & 0xff)
        bytes[7] = UInt8(number >> 8)
        return bytes
    }

    /// The client's frames of the valid vectors, and the kinds that come back.
    @Test(arguments: [
        "valid/ping.hex", "valid/call.hex", "valid/empty-message.hex", "valid/unknown-kind.hex",
        "valid/unknown-field.hex", "valid/put-many.hex",
    ])
    func validVectorsAreAnswered(_ name: String) throws {
        let service = try Service(plugins: ["Store", "Fetch", "Changes", "Search", "LMDBStorage"])
        let connection = try RawConnection(service.socketPath)
        let hello = try connection.greet()
        let vector = try VectorFile(name)
        for frame in vector.frames where frame.fromClient { connection.send(try bytes(frame, hello)) }
        var expected = vector.frames.filter { !$0.fromClient }[...]
        while let next = expected.first {
            guard case .frame(let header, let payload) = connection.next() else {
                Issue.record("\(name): no answer")
                return
            }
            #expect(header.checksum == CRC32C.checksum(payload))
            #expect(header.kind.description == next.kind)
            #expect(header.stream == next.stream)
            #expect(header.flags.contains(.end) == next.flags.contains("END"))
            expected.removeFirst()
        }
    }
}
