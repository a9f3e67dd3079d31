// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import Synchronization

/// Writers and readers, each a task that makes one call after the other until it is told to stop.
struct Clients {
    let client: ArticleClient
    let ledger: Ledger
    /// All articles of a run have its name as their source.
    let run: String
    let isOver = Flag()

    /// Some paragraphs, so that a record is as large as a short report.
    private static let body = String(
        repeating: "Sở Thông tin và Truyền thông Cần Thơ đẩy mạnh ứng dụng công nghệ thông tin. ", count: 16)

    private func article(_ title: String, id: ArticleID? = nil, url: String = "") -> Article {
        Article(id: id, url: url, source: run, title: title, body: Self.body, language: "vi")
    }

    /// Between two calls of a task, so that the load is the same for all runs.
    private func pause() async { try? await Task.sleep(for: .milliseconds(5)) }

    func work() async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 { group.addTask { await putByID("id\(number)") } }
            for number in 0..<4 { group.addTask { await putByURL("url\(number)") } }
            for number in 0..<4 { group.addTask { await update("update\(number)") } }
            for number in 0..<2 { group.addTask { await delete("delete\(number)") } }
            for _ in 0..<4 { group.addTask { await get() } }
            for _ in 0..<2 { group.addTask { await list() } }
        }
        ledger.end()
    }

    // MARK: Writers

    /// New articles, whose ids the writer has made.
    private func putByID(_ name: String) async {
        var number = 0
        while !isOver.isSet {
            let (id, title) = (ArticleID.generate(), "\(name)/\(number)")
            do {
                let result = try await client.put(article(title, id: id))
                if result.id != id || result.revision != 1 {
                    ledger.contradiction("the first put of \(title) has made revision \(result.revision)")
                }
                ledger.acknowledge(id, .init(title: title, revision: 1), readable: true)
            } catch {
                ledger.failed("put \(title)", error, id)
            }
            number += 1
            await pause()
        }
    }

    /// New articles, whose URL identifies them.
    private func putByURL(_ name: String) async {
        var number = 0
        while !isOver.isSet {
            let title = "\(name)/\(number)"
            do {
                let result = try await client.put(article(title, url: "https://load.example/\(run)/\(title)"))
                guard let id = result.id, result.revision == 1 else {
                    ledger.contradiction("the first put of \(title) has made revision \(result.revision)")
                    continue
                }
                ledger.acknowledge(id, .init(title: title, revision: 1), readable: true)
            } catch {
                ledger.failed("put by URL \(title)", error)
            }
            number += 1
            await pause()
        }
    }

    /// One article, updated again and again on condition that nobody else has. The text names the revision, so each
    /// update that is lost or carried out twice shows.
    private func update(_ name: String) async {
        let id = ArticleID.generate()
        var revision: UInt64 = 0
        // An earlier attempt may be carried out after a read has not found it: its service is gone, but not its transaction.
        var isDoubtful = false
        while !isOver.isSet {
            let title = "\(name)/\(revision + 1)"
            do {
                let result = try await client.put(article(title, id: id), expectedRevision: revision)
                if result.revision != revision + 1 {
                    ledger.contradiction("\(title) was acknowledged as revision \(result.revision)")
                }
                revision += 1
                isDoubtful = false
                ledger.acknowledge(id, .init(title: title, revision: revision))
            } catch {
                if error.mayHaveRun || isDoubtful && error.status == .conflict {
                    ledger.doubt("update \(title)", error)
                    isDoubtful = true
                } else {
                    ledger.failed("update \(title)", error)
                }
                guard let stored = await present(id) else { continue }
                // It may have come to pass after all, also after an answer that told the present state.
                if stored.revision == revision + 1 {
                    revision += 1
                    isDoubtful = false
                    ledger.acknowledge(id, .init(title: title, revision: revision))
                } else if stored.revision != revision {
                    ledger.contradiction("\(title): the article is at revision \(stored.revision)")
                    revision = stored.revision
                }
            }
            await pause()
        }
    }

    /// The article as it is; its revision is 0 if there is none. `nil`: it is not known.
    private func present(_ id: ArticleID) async -> Article? {
        while true {
            do throws(ClientError) {
                return try await client.get(id: id)
            } catch {
                if error.status == .notFound { return Article() }
                ledger.failed("get after doubt", error)
                if isOver.isSet { return nil }
                await pause()
            }
        }
    }

    /// Articles that are deleted after they were stored.
    private func delete(_ name: String) async {
        var number = 0
        while !isOver.isSet {
            let (id, title) = (ArticleID.generate(), "\(name)/\(number)")
            number += 1
            do {
                _ = try await client.put(article(title, id: id))
                ledger.acknowledge(id, .init(title: title, revision: 1))
            } catch {
                ledger.failed("put \(title)", error, id)
                continue
            }
            await pause()
            var isDoubtful = false
            while true {
                do {
                    _ = try await client.delete(id: id)
                } catch {
                    if error.status == .notFound, isDoubtful {
                        // The earlier attempt has deleted it.
                    } else if error.mayHaveRun {
                        ledger.doubt("delete \(title)", error)
                        isDoubtful = true
                        continue
                    } else {
                        ledger.failed("delete \(title)", error)
                        if error.status != .notFound, !isOver.isSet { continue }
                        break
                    }
                }
                ledger.acknowledge(id, .init(title: title, revision: 1, isDeleted: true))
                break
            }
            await pause()
        }
    }

    // MARK: Readers

    /// Whatever was acknowledged is found.
    private func get() async {
        while !isOver.isSet {
            await pause()
            let known = ledger.now
            guard let id = known.readable.randomElement(), let entry = known.entries[id] else { continue }
            do {
                let stored = try await client.get(id: id)
                if stored.title != entry.title { ledger.stale("\(entry.title) is \(stored.title)") }
                ledger.noteRead()
            } catch {
                if error.status == .notFound {
                    ledger.stale("\(entry.title) is not found")
                } else {
                    ledger.failed("get \(entry.title)", error)
                }
            }
        }
    }

    /// The newest ones, each once.
    private func list() async {
        while !isOver.isSet {
            var seen: Set<ArticleID> = []
            do {
                for try await listed in client.list(source: run, limit: 50) {
                    guard let id = listed.article.id else { continue }
                    if !seen.insert(id).inserted { ledger.contradiction("\(id) was listed twice") }
                }
                ledger.noteRead()
            } catch {
                ledger.failed("list", error)
            }
            await pause()
        }
    }
}

/// Set once, from any thread.
final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
