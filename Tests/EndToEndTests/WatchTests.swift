// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Foundation
import Glibc
import Synchronization
import Testing

/// Following changes of the real service, with the client library and with articlectl.
@Suite(.serialized) struct WatchTests {
    private static func client(_ service: Service) -> ArticleClient {
        ArticleClient(endpoint: .unix(path: service.socketPath), options: ClientTests.options())
    }

    /// Stores an article, and returns its id.
    private static func store(_ title: String, _ tool: CommandLineTool) throws -> String {
        let file = try tool.file("\(title).txt", "\(title)\n\nĐoạn.\n")
        return try #require(try tool.run("store", "--json", file).json()["id"] as? String)
    }

    /// What a reader has made of the changes.
    private struct Mirror {
        var revisions: [ArticleID: UInt64] = [:]
        private var last: UInt64 = 0

        mutating func apply(_ change: ArticleChange) {
            if change.sequence > 0 {
                #expect(change.sequence > last, "out of order")
                last = change.sequence
            }
            switch change.event {
            case .stored(let article):
                if let id = article.id { revisions[id] = article.revision }
            case .deleted(let id), .outside(let id): revisions[id] = nil
            case .restarted: (revisions, last) = ([:], 0)
            case .unavailable(let id, let error): Issue.record("\(id.map { "\($0)" } ?? ""): \(error)")
            case .advanced, .caughtUp: break
            }
        }
    }

    /// A reader's copy equals the store, although the service is stopped and killed in the middle of writes.
    @Test(.timeLimit(.minutes(20)), arguments: [SIGKILL, SIGTERM])
    func aMirrorEqualsTheStoreAfterRestarts(signal: Int32) async throws {
        let service = try Service()
        let client = Self.client(service)
        let reader = Self.client(service)
        let (events, progress) = AsyncStream<ArticleID>.makeStream()
        let follower = Task {
            var mirror = Mirror()
            let changes = reader.changes(from: .beginning, content: .summary, heartbeat: .seconds(2))
            for try await change in changes {
                mirror.apply(change)
                guard case .stored(let article) = change.event, let id = article.id else { continue }
                if article.title == "last" { break }
                progress.yield(id)
            }
            progress.finish()
            return mirror
        }
        let rounds = 4
        let writer = Task {
            var ids: [ArticleID] = []
            var number = 0
            while !Task.isCancelled {
                let id = ArticleID.generate()
                _ = try await client.put(Article(id: id, title: "\(number)", body: "Đoạn."))
                ids.append(id)
                number += 1
                if number % 3 == 0 { _ = try await client.put(Article(id: ids[number / 2], title: "sửa \(number)")) }
                if number % 5 == 0 {
                    do throws(ClientError) {
                        _ = try await client.delete(id: ids.remove(at: 0))
                    } catch {
                        // A restart came in between.
                        guard error.mayHaveRun || error.status == .notFound else { throw error }
                    }
                }
            }
        }
        var left = rounds
        var seen = 0
        for await _ in events {
            seen += 1
            guard left > 0 else { break }
            if seen % 40 == 0 {
                try service.restart(after: signal)
                left -= 1
            }
        }
        writer.cancel()
        if case .failure(let error) = await writer.result { #expect((error as? ClientError)?.kind == .cancelled) }
        let last = try await client.put(Article(title: "last"))
        var mirror = try await follower.value
        mirror.revisions[try #require(last.id)] = last.revision
        var stored: [ArticleID: UInt64] = [:]
        for try await item in client.list(view: .summary) {
            stored[try #require(item.article.id)] = item.article.revision
        }
        #expect(mirror.revisions == stored)
        #expect(stored.count > 20)
        await client.close()
        await reader.close()
    }

    /// A stream that waits does not delay a stop.
    @Test(.timeLimit(.minutes(5))) func aStopDoesNotWaitForWatchers() async throws {
        let service = try Service()
        let client = Self.client(service)
        var iterator = client.changes(from: .now).makeAsyncIterator()
        #expect(try await iterator.next()?.event == .caughtUp)
        let start = ContinuousClock.now
        try service.restart(after: SIGTERM)
        #expect(.now - start < .seconds(20), "the drain may take 30 s")
        _ = try await client.put(Article(title: "sau"))
        while let change = try await iterator.next() {
            if case .stored(let article) = change.event {
                #expect(article.title == "sau")
                break
            }
        }
        await client.close()
    }

    @Test(.timeLimit(.minutes(5))) func theCommandPrintsChanges() throws {
        let tool = CommandLineTool(try Service())
        let id = try Self.store("Một", tool)
        // Each begins within the moment in which what was acknowledged is not shown yet.
        let lines = try tool.run("watch", "--from", "beginning", "--once").lines
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\tstored\t\(id)\t") == true, "\(lines)")
        let json = try tool.run("watch", "--from", "beginning", "--once", "--json").lines
        #expect(json.count == 2)
        let first = try JSONSerialization.jsonObject(with: Data(json[0].utf8)) as? [String: Any]
        #expect(first?["change"] as? String == "stored")
        #expect(first?["id"] as? String == id)
        #expect((first?["article"] as? [String: Any])?["id"] as? String == id)
        let cursor = try #require(first?["cursor"] as? String)
        #expect(try tool.run("delete", id).code == 0)
        let later = try tool.run("watch", "--from", cursor, "--once")
        #expect(later.lines.first?.contains("\tdeleted\t\(id)") == true, "\(later)")
        #expect(try tool.run("watch", "--from", "?", "--once").code == 64)
        #expect(try tool.run("watch", "--from", cursor, "--topic", "kinh-doanh", "--once").code == 65)
        #expect(try tool.run("watch", "--content", "much").code == 64)
    }

    /// A copy in files, kept by a shell command, over several starts.
    @Test(.timeLimit(.minutes(5))) func theCommandRunsACommandForEachChange() throws {
        let tool = CommandLineTool(try Service())
        let directory = tool.directory.appending(path: "copy")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var ids: [String] = []
        for name in ["một", "hai", "ba"] {
            ids.append(try Self.store(name, tool))
        }
        let state = tool.directory.appending(path: "place").path
        let copy = """
            cd '\(directory.path)'
            case $ARTICLED_CHANGE in
            stored) cat > "$ARTICLED_ID.json" ;;
            deleted | outside) rm -f "$ARTICLED_ID.json" ;;
            restarted) rm -f ./*.json ;;
            esac
            """
        func follow(_ command: String) throws -> CommandLineTool.Outcome {
            try tool.run("watch", "--from", "beginning", "--state", state, "--once", "--exec", command)
        }
        func files() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        }
        // The second change fails, is not skipped, and comes again.
        let failed = try follow(
            "test $ARTICLED_ID != \(ids[1]) || exit 7; \(copy)")
        #expect(failed.code == 3)
        #expect(failed.complaints.contains("the command ended with 7 for the change stored of \(ids[1])"))
        #expect(try files() == ["\(ids[0]).json"])
        #expect(try follow(copy).code == 0)
        #expect(try files() == ids.map { "\($0).json" }.sorted())
        let text = try Data(contentsOf: directory.appending(path: "\(ids[2]).json"))
        let article = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        #expect((article?["body"] as? String)?.contains("Đoạn.") == true)
        #expect(try tool.run("delete", ids[0]).code == 0)
        let third = try follow(copy)
        #expect(third.code == 0 && third.lines.count == 1, "only what is new: \(third)")
        #expect(try files() == ids.dropFirst().map { "\($0).json" }.sorted())
        #expect(try follow("exit 1").code == 0, "there is nothing new")
    }

    /// It follows across a restart of the service, prints each change at once, and ends with Ctrl-C.
    @Test(.timeLimit(.minutes(5))) func theCommandFollows() async throws {
        let service = try Service()
        let tool = CommandLineTool(service)
        let process = tool.process(["watch", "--json"])
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var lines = Lines(output.fileHandleForReading)
        #expect(lines.next()?.contains("caught-up") == true)
        let client = Self.client(service)
        for title in ["một", "hai"] {
            _ = try await client.put(Article(title: title))
            while let line = lines.next() {
                guard line.contains("\"change\":\"stored\"") else { continue }
                #expect(line.contains(title), "\(line)")
                break
            }
            try service.restart(after: SIGKILL)
        }
        process.interrupt()
        process.waitUntilExit()
        #expect(CommandLineTool.code(of: process) == 130)
        await client.close()
    }
}

/// The lines that a child prints, as they come.
private struct Lines {
    private let handle: FileHandle
    private var rest: [UInt8] = []

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeFirst(end + 1) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let more = handle.availableData
            guard !more.isEmpty else { return nil }
            rest += more
        }
    }
}
