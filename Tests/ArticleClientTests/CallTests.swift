// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Testing

@Suite struct CallTests {
    @Test func oneMessageEachWay() async throws {
        let service = try ScriptedService { connection in
            let hello = try connection.hello()
            guard hello.protocolMin == 1, hello.streamWindow == 256 << 10 else {
                throw ScriptedConnection.Unexpected(description: "\(hello)")
            }
            let request = try connection.receive(.request)
            guard request.header.method == 1, request.header.flags == [.end, .options], request.message == [1, 2, 3],
                let deadline = request.options?.deadlineMs, deadline > 50_000, deadline <= 60_000
            else { throw ScriptedConnection.Unexpected(description: "\(request)") }
            try connection.send(.message, [4, 5], flags: .end, stream: request.header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        #expect(try await client.call("test.once", payload: [1, 2, 3]) == [4, 5])
        await client.close()
        try await service.finished()
        await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
    }

    /// A plugin need not give a reason. The client then says what the code means.
    @Test(arguments: [
        (5, "NOT_FOUND: there is no such article"), (99, "the service responded with status 99, which this client"),
    ])
    func anErrorWithoutATextIsExplained(code: UInt32, text: String) async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let request = try connection.receive(.request)
            try connection.send(.error, Status(code: code).encoded(), stream: request.header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.message.hasPrefix("test.once: \(text)") == true, "\(error?.message ?? "")")
        await client.close()
        try await service.finished()
    }

    @Test func manyCallsAreAnsweredInAnyOrder() async throws {
        let count = 500
        let service = try ScriptedService { connection in
            try connection.hello()
            let requests = try (0..<count).map { _ in try connection.receive(.request) }
            guard Set(requests.map(\.header.stream)).count == count else {
                throw ScriptedConnection.Unexpected(description: "a stream id in use was used again")
            }
            for request in requests.reversed() {
                try connection.send(.message, request.message, flags: .end, stream: request.header.stream)
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    let payload = [UInt8](repeating: UInt8(number % 251), count: number)
                    let answer = try await client.call("test.once", payload: payload)
                    #expect(answer == payload)
                }
            }
            try await group.waitForAll()
        }
        await client.close()
        try await service.finished()
    }

    @Test func callsBeyondTheServicesLimitWait() async throws {
        let service = try ScriptedService { connection in
            try connection.hello(inFlight: 2)
            for _ in 0..<20 {
                let request = try connection.receive(.request)
                guard request.header.stream <= 2 else {
                    throw ScriptedConnection.Unexpected(description: "stream \(request.header.stream)")
                }
                try connection.send(.message, [], flags: .end, stream: request.header.stream)
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await client.call("test.once", payload: []) } }
            try await group.waitForAll()
        }
        await client.close()
        try await service.finished()
    }

    /// The client claims that nothing was changed only if the service's response says so.
    @Test(arguments: [
        (StatusCode.outcomeUnknown, true), (.deadlineExceeded, true), (.cancelled, true), (.internal, true),
        (.conflict, false), (.invalidArgument, false), (.permissionDenied, false), (.dataLoss, false),
    ])
    func anErrorTellsWhetherTheCallMayHaveRun(code: StatusCode, mayHaveRun: Bool) async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            try connection.fail(connection.receive(.request).header.stream, code)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.status == code)
        #expect(error?.mayHaveRun == mayHaveRun)
        await client.close()
        try await service.finished()
    }

    @Test func aCallWithAnUnknownOutcomeIsRetriedWhereThatIsSafe() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            for _ in 0..<2 { try connection.fail(connection.receive(.request).header.stream, .outcomeUnknown) }
            try connection.send(.message, [7], flags: .end, stream: connection.receive(.request).header.stream)
            let once = try connection.receive(.request)
            guard once.header.method == 1 else { throw ScriptedConnection.Unexpected(description: "\(once)") }
            try connection.fail(once.header.stream, .outcomeUnknown)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        #expect(try await client.call("test.again", payload: []) == [7])
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.status == .outcomeUnknown && error?.mayHaveRun == true)
        await client.close()
        try await service.finished()
    }

    /// The last response says that nothing was changed. That does not hold for the first attempt.
    @Test func anUnknownOutcomeSurvivesTheNextAttempt() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
            },
            { connection in
                try connection.hello()
                for _ in 1..<4 { try connection.fail(connection.receive(.request).header.stream, .unavailable) }
                for code in [StatusCode.outcomeUnknown, .unavailable, .unavailable, .unavailable] {
                    try connection.fail(connection.receive(.request).header.stream, code)
                }
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        for _ in 0..<2 {
            let error = await #expect(throws: ClientError.self) { try await client.call("test.again", payload: []) }
            #expect(error?.status == .unavailable && error?.mayHaveRun == true)
        }
        await client.close()
        try await service.finished()
    }

    @Test func anErrorHasTheServicesCodeAndMessage() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let request = try connection.receive(.request)
            try connection.fail(request.header.stream, .conflict, "revision 7 was expected, it is at 8")
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .status)
        #expect(error?.status == .conflict)
        #expect(error?.message == "test.once: revision 7 was expected, it is at 8")
        await client.close()
        try await service.finished()
    }

    @Test func anUnknownMethodFailsWithoutARequest() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("weather.now", payload: []) }
        #expect(error?.status == .unimplemented)
        #expect(error?.message.contains("test.once") == true)
        let misuse = await #expect(throws: ClientError.self) { try await client.call("test.stream", payload: []) }
        #expect(misuse?.kind == .misuse)
        await client.close()
        try await service.finished()
    }

    @Test func aPassedDeadlineEndsTheCallAndTellsTheService() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let request = try connection.receive(.request)
            let cancel = try connection.receive(.cancel)
            guard cancel.header.stream == request.header.stream else {
                throw ScriptedConnection.Unexpected(description: "\(cancel)")
            }
            // The id must not be used again before the last frame.
            let second = try connection.receive(.request)
            guard second.header.stream != request.header.stream else {
                throw ScriptedConnection.Unexpected(description: "the id of a cancelled call was used again")
            }
            try connection.fail(request.header.stream, .cancelled)
            try connection.send(.message, [9], flags: .end, stream: second.header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) {
            try await client.call("test.once", payload: [], policy: CallPolicy(deadline: .milliseconds(300)))
        }
        #expect(error?.kind == .deadline)
        #expect(error?.mayHaveRun == true)
        #expect(try await client.call("test.once", payload: []) == [9])
        await client.close()
        try await service.finished()
    }

    @Test func cancellingATaskCancelsItsCall() async throws {
        let asked = Signal()
        let service = try ScriptedService { connection in
            try connection.hello()
            let request = try connection.receive(.request)
            asked.fire()
            _ = try connection.receive(.cancel)
            // The answer was on its way already: a legal race.
            try connection.send(.message, [1], flags: .end, stream: request.header.stream)
            let next = try connection.receive(.request)
            try connection.send(.message, [2], flags: .end, stream: next.header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let task = Task { try await client.call("test.once", payload: []) }
        await asked.wait()
        task.cancel()
        let error = await #expect(throws: ClientError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(try await client.call("test.once", payload: []) == [2])
        await client.close()
        try await service.finished()
    }

    @Test func aDamagedResponseFailsOnlyItsCall() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            let requests = try [connection.receive(.request), connection.receive(.request)]
            for request in requests.sorted(by: { $0.message.count < $1.message.count }) {
                let checksum = request.message.isEmpty ? 1 : CRC32C.checksum(request.message)
                try connection.send(
                    .message, request.message.isEmpty ? [7] : request.message, flags: .end,
                    stream: request.header.stream, checksum: checksum)
            }
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        async let good = client.call("test.once", payload: [1])
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.status == .dataLoss)
        #expect(try await good == [1])
        await client.close()
        try await service.finished()
    }
}
