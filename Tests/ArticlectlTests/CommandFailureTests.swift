// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import JSONTree
import LinuxRuntime
import Testing

@testable import ArticleClient
@testable import articlectl

@Suite struct CommandFailureTests {
    @Test func asJSON() {
        #expect(
            CommandFailure(.unavailable, "no \"socket\"\n", hint: "start it", request: 17).json.text
                == #"{"error":{"code":"unavailable","exit":69,"message":"no \"socket\"\n","hint":"start it","request":17}}"#
        )
        #expect(
            CommandFailure(.usage, "x").json.text == #"{"error":{"code":"usage","exit":64,"message":"x"}}"#)
    }

    /// A program that goes by the name can rely on it.
    @Test func namesDiffer() {
        #expect(Set(ExitCode.allCases.map(\.name)).count == ExitCode.allCases.count)
    }

    /// A script can tell a change that was not made from one that may have been.
    @Test func anUnknownOutcomeHasACodeOfItsOwn() {
        let error = ClientError.status(Status(code: StatusCode.outcomeUnknown.rawValue), of: "store.put")
        #expect(CommandFailure(error).code == .outcomeUnknown)
        let others = StatusCode.allCases.filter { $0 != .outcomeUnknown }
        #expect(!others.map { ExitCode($0) }.contains(.outcomeUnknown))
    }

    /// A change whose answer did not come is not "cannot be reached"; a fetch is.
    @Test func aChangeWhoseAnswerDidNotCome() {
        let lost = ClientError(.connection, .unavailable, "lost", mayHaveRun: true)
        #expect(CommandFailure(ofChange: lost).code == .outcomeUnknown)
        #expect(CommandFailure(lost).code == .unavailable)
        let unsent = ClientError(.connection, .unavailable, "no socket")
        #expect(CommandFailure(ofChange: unsent) == CommandFailure(unsent))
        #expect(CommandFailure(ofChange: .cancelled("store.put")).code == .interrupted)
    }

    @Test func aSocketThatIsForbidden() {
        let error = ClientError.unreachable(.unix(path: "/run/x"), SystemError("connect", code: EACCES))
        #expect(CommandFailure(error).code == .permission)
        #expect(CommandFailure(error).message.contains("no permission to use /run/x"))
    }
}
