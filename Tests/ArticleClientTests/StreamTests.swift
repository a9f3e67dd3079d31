// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Testing

@Suite struct StreamTests {
    @Test func theServiceSendsOnlyAsFarAsTheReaderGrantsCredit() async throws {
        let size = 1000 - Limits.messageOverhead
        let service = try ScriptedService { connection in
            let hello = try connection.hello()
            let stream = try connection.receive(.request).header.stream
            var credit = Int(hello.streamWindow)
            for number in 0..<50 {
                while credit <= 0 {
                    let grant = try connection.receive(.credit)
                    credit += Int(try Credit(decoding: grant.payload).bytes)
                }
                try connection.send(.message, [UInt8](repeating: UInt8(number), count: size), stream: stream)
                credit -= 1000
            }
            try connection.send(.end, stream: stream)
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.streamWindow = 4000
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        var count = 0
        for try await message in client.stream("test.stream", payload: []) {
            #expect(message == [UInt8](repeating: UInt8(count), count: size))
            count += 1
        }
        #expect(count == 50)
        await client.close()
        try await service.finished()
    }

    @Test func aServiceThatSendsWithoutCreditLosesTheConnection() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            for _ in 0..<3 { try connection.send(.message, [UInt8](repeating: 0, count: 900), stream: stream) }
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.streamWindow = 1000
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        var iterator = client.stream("test.stream", payload: []).makeAsyncIterator()
        await #expect(throws: ClientError.self) {
            while try await iterator.next() != nil {}
        }
        await client.close()
        try await service.finished()
    }

    @Test func endingAnIterationEarlyCancelsTheCall() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let stream = try connection.receive(.request).header.stream
            try connection.send(.message, [1], stream: stream)
            guard try connection.receive(.cancel).header.stream == stream else { return }
            try? connection.fail(stream, .cancelled)  // the client may have left already
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        for try await _ in client.stream("test.stream", payload: []) { break }
        await client.close()
        try await service.finished()
    }

    @Test func anUploadSendsOnlyAsFarAsTheServiceGrantsCredit() async throws {
        let service = try ScriptedService { connection in
            try connection.hello(window: 5000)
            let request = try connection.receive(.request)
            guard request.message.isEmpty, request.header.flags == .options else {
                throw ScriptedConnection.Unexpected(description: "\(request)")
            }
            let stream = request.header.stream
            var credit = 5000
            var messages = 0
            while true {
                let frame = try connection.receive()
                if frame.header.kind == .end { break }
                guard frame.header.kind == .message, credit > 0 else {
                    throw ScriptedConnection.Unexpected(description: "\(frame.header) with credit \(credit)")
                }
                credit -= frame.payload.count + Limits.messageOverhead
                messages += 1
                if frame.header.flags == .end { break }
                if credit <= 0 {
                    try connection.send(.credit, Credit(bytes: 5000).encoded(), stream: stream)
                    credit += 5000
                }
            }
            try connection.send(.message, [UInt8(messages)], flags: .end, stream: stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let call = client.open("test.upload", streamsResponse: false)
        for number in 0..<100 { try await call.send([UInt8](repeating: UInt8(number), count: 3000)) }
        call.finish()
        #expect(try await call.next() == [100])
        #expect(try await call.next() == nil)
        await client.close()
        try await service.finished()
    }

    @Test func aSenderIsSuspendedUntilThereIsCredit() async throws {
        let suspended = Signal()
        let service = try ScriptedService { connection in
            try connection.hello(window: 1)
            let stream = try connection.receive(.request).header.stream
            _ = try connection.receive(.message)
            suspended.fire()
            try connection.fail(stream, .resourceExhausted, "no more")
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let call = client.open("test.upload", streamsResponse: false)
        let error = await #expect(throws: ClientError.self) {
            while true { try await call.send([UInt8](repeating: 0, count: 10_000)) }
        }
        #expect(error?.status == .resourceExhausted)
        await client.close()
        try await service.finished()
    }
}
