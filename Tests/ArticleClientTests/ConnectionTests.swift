// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Testing

@Suite struct ConnectionTests {
    @Test func aMissingSocketIsReportedAtOnceWithAdvice() async throws {
        let client = ArticleClient(endpoint: .unix(path: "/tmp/no-such-directory/articled.sock"))
        let error = await #expect(throws: ClientError.self) { try await client.ping() }
        #expect(error?.kind == .connection)
        #expect(
            error?.message
                == "no socket at /tmp/no-such-directory/articled.sock: is articled.socket enabled? "
                + "systemctl enable --now articled.socket")
        await client.close()
    }

    @Test func anIdempotentCallIsSentAgainAfterALostConnection() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                guard request.message == [5] else { throw ScriptedConnection.Unexpected(description: "\(request)") }
                try connection.send(.message, [6], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        #expect(try await client.call("test.again", payload: [5]) == [6])
        await client.close()
        try await service.finished()
    }

    @Test func aNonIdempotentCallFailsAndTheNextCallReconnects() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                try connection.send(.message, [1], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .connection)
        #expect(error?.mayHaveRun == true)
        #expect(try await client.call("test.once", payload: []) == [1])
        await client.close()
        try await service.finished()
    }

    @Test func attemptsAreBounded() async throws {
        let lose: ScriptedService.Script = { connection in
            try connection.hello()
            _ = try connection.receive(.request)
        }
        let service = try ScriptedService(lose, lose, lose)
        var options = ClientOptions()
        options.maxAttempts = 3
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.again", payload: []) }
        #expect(error?.kind == .connection)
        await client.close()
        try await service.finished()
    }

    /// Both say that nothing was changed.
    @Test(arguments: [(StatusCode.unavailable, Duration.zero), (.resourceExhausted, .milliseconds(50))])
    func whatChangedNothingIsTriedAgain(code: StatusCode, pause: Duration) async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            try connection.fail(connection.receive(.request).header.stream, code, "busy")
            let request = try connection.receive(.request)
            try connection.send(.message, [8], flags: .end, stream: request.header.stream)
            for _ in 0..<2 { try connection.fail(connection.receive(.request).header.stream, code, "busy") }
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.maxAttempts = 2
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        let start = ContinuousClock.now
        #expect(try await client.call("test.once", payload: []) == [8])
        #expect(ContinuousClock.now - start >= pause)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.status == code)
        await client.close()
        try await service.finished()
    }

    @Test func afterGoAwayNewCallsTakeAnotherConnectionAndOldOnesFinish() async throws {
        let saidGoAway = Signal()
        let answeredNew = Signal()
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                try connection.send(
                    .goAway, Status(code: StatusCode.unavailable.rawValue, message: "restart").encoded())
                try connection.send(.ping, [1])
                _ = try connection.receive(.pong)  // now the client has seen the go-away
                saidGoAway.fire()
                try answeredNew.block()
                try connection.send(.message, [1], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                try connection.send(.message, [2], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            })
        let client = ArticleClient(endpoint: service.endpoint)
        async let old = client.call("test.once", payload: [])
        await saidGoAway.wait()
        #expect(try await client.call("test.once", payload: []) == [2])
        answeredNew.fire()
        #expect(try await old == [1])
        await client.close()
        try await service.finished()
    }

    @Test func aConnectionThatTheServiceMayBeClosingIsNotUsed() async throws {
        let script: ScriptedService.Script = { connection in
            try connection.hello(idle: 1)
            let request = try connection.receive(.request)
            try connection.send(.message, [1], flags: .end, stream: request.header.stream)
            try connection.awaitClose()
        }
        let service = try ScriptedService(script, script)
        let client = ArticleClient(endpoint: service.endpoint)
        #expect(try await client.call("test.once", payload: []) == [1])
        let now = ContinuousClock.now
        while ContinuousClock.now < now + .milliseconds(1) { await Task.yield() }  // the time is what is tested
        #expect(try await client.call("test.once", payload: []) == [1])
        await client.close()
        try await service.finished()
    }

    @Test func aRefusedConnectionReportsTheServicesMessage() async throws {
        let service = try ScriptedService { connection in
            let status = Status(code: StatusCode.permissionDenied.rawValue, message: "uid 1000 may not connect")
            try connection.send(.goAway, status.encoded())
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.status == .permissionDenied)
        #expect(error?.message.hasSuffix("refused the connection: uid 1000 may not connect") == true)
        await client.close()
        try await service.finished()
    }

    @Test func aSilentServiceTimesOut() async throws {
        let done = Signal()
        let service = try ScriptedService { _ in try done.block() }
        var options = ClientOptions()
        options.connectTimeout = .milliseconds(30)
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .connection)
        #expect(error?.message.contains("no hello") == true)
        done.fire()
        await client.close()
        try await service.finished()
    }

    @Test func aPeerWithAnotherProtocolIsReported() async throws {
        let service = try ScriptedService { connection in
            try connection.send(bytes: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .protocolViolation)
        await client.close()
        try await service.finished()
    }

    @Test func aServiceThatAllowsNoRequestIsReported() async throws {
        let service = try ScriptedService { connection in
            try connection.hello(inFlight: 0)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let error = await #expect(throws: ClientError.self) { try await client.call("test.once", payload: []) }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.message.contains("max_in_flight") == true)
        await client.close()
        try await service.finished()
    }

    @Test func aHugeKeepAliveIsOff() async throws {
        let service = try ScriptedService { connection in
            try connection.hello()
            try connection.send(.message, [1], flags: .end, stream: connection.receive(.request).header.stream)
            try connection.awaitClose()
        }
        var options = ClientOptions()
        options.keepAlive = .seconds(Int64.max)
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        #expect(try await client.call("test.once", payload: []) == [1])
        await client.close()
        try await service.finished()
    }

    @Test func aSilentConnectionIsPingedAndGivenUp() async throws {
        let service = try ScriptedService(
            { connection in
                try connection.hello()
                _ = try connection.receive(.request)
                _ = try connection.receive(.ping)
                try connection.awaitClose()
            },
            { connection in
                try connection.hello()
                let request = try connection.receive(.request)
                try connection.send(.message, [1], flags: .end, stream: request.header.stream)
                try connection.awaitClose()
            })
        var options = ClientOptions()
        options.keepAlive = .milliseconds(200)
        let client = ArticleClient(endpoint: service.endpoint, options: options)
        #expect(try await client.call("test.again", payload: []) == [1])
        await client.close()
        try await service.finished()
    }

    @Test func closingLetsCallsFinish() async throws {
        let asked = Signal()
        let closing = Signal()
        let service = try ScriptedService { connection in
            try connection.hello()
            let request = try connection.receive(.request)
            asked.fire()
            try closing.block()
            try connection.send(.message, [1], flags: .end, stream: request.header.stream)
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        async let answer = client.call("test.once", payload: [])
        await asked.wait()
        async let closed: Void = client.close()
        closing.fire()
        #expect(try await answer == [1])
        await closed
        try await service.finished()
    }

    @Test func closingDoesNotWaitForever() async throws {
        let asked = Signal()
        let service = try ScriptedService { connection in
            try connection.hello()
            _ = try connection.receive(.request)
            asked.fire()
            try connection.awaitClose()
        }
        let client = ArticleClient(endpoint: service.endpoint)
        let task = Task { try await client.call("test.once", payload: []) }
        await asked.wait()
        await client.close(grace: .milliseconds(10))
        let error = await #expect(throws: ClientError.self) { try await task.value }
        #expect(error?.kind == .closed)
        try await service.finished()
    }
}
