// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import LinuxRuntime

/// What has come of a run.
struct Outcome {
    var lines: [(name: String, value: String)] = []
    var isGood = true
    var text: String { lines.map { "\($0.name) \($0.value)" }.joined(separator: "\n") }
}

/// Compares what is stored with what was acknowledged, and with the mirror.
func verify(_ client: ArticleClient, _ ledger: Ledger, _ mirror: Mirror, _ run: String) async -> Outcome {
    let known = ledger.now
    var stored: [ArticleID: Article] = [:]
    var urls: [String: ArticleID] = [:]
    var (lost, duplicated) = (0, 0)
    do throws(ClientError) {
        for try await listed in client.list(source: run, view: .full) {
            guard let id = listed.article.id else { continue }
            if stored.updateValue(listed.article, forKey: id) != nil { duplicated += 1 }
            let url = listed.article.url
            if !url.isEmpty, let other = urls.updateValue(id, forKey: url) {
                duplicated += 1
                ledger.report("duplicated", "\(url): \(id) and \(other)")
            }
        }
    } catch {
        ledger.failed("the last list", error)
    }
    for (id, entry) in known.entries {
        guard let article = stored[id] else {
            if entry.isDeleted { continue }
            lost += 1
            ledger.report("lost", "\(entry.title)")
            continue
        }
        if entry.isDeleted || article.revision < entry.revision
            || article.revision == entry.revision && article.title != entry.title
        {
            lost += 1
            ledger.report("lost", "\(entry.title) at \(entry.revision): \(article.title) at \(article.revision)")
        }
        if article.revision > entry.revision, !isUnanswered(article, entry) {
            duplicated += 1
            ledger.report("duplicated", "\(entry.title) at \(entry.revision): \(article.title) at \(article.revision)")
        }
    }
    // Stored, and not known to anybody: a put that was carried out twice under two ids, or one that failed here.
    let unknown = stored.filter {
        known.entries[$0.key] == nil && !known.doubtful.contains($0.key) && $0.value.url.isEmpty
    }
    for (_, article) in unknown {
        duplicated += 1
        ledger.report("duplicated", "nobody has stored \(article.title)")
    }
    // The mirror follows within a moment.
    let limit = MonotonicClock.after(.seconds(60))
    var isEqual = false
    while !isEqual, MonotonicClock.now < limit {
        let copy = mirror.now.articles
        isEqual = copy == stored
        if !isEqual { try? await Task.sleep(for: .milliseconds(100)) }
    }
    if !isEqual {
        let copy = mirror.now.articles
        for (id, article) in stored where copy[id] != article {
            ledger.report(
                "mirror",
                "\(article.title) at \(article.revision): \(copy[id].map { "revision \($0.revision)" } ?? "missing")")
        }
        for (id, article) in copy where stored[id] == nil {
            ledger.report("mirror", "\(article.title) is not stored: \(id)")
        }
    }
    let last = ledger.now
    func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds / 10_000_000) / 100)" }
    return Outcome(
        lines: [
            ("acknowledged", "\(last.writes)"), ("reads", "\(last.reads)"), ("stored", "\(stored.count)"),
            ("lost", "\(lost)"), ("duplicated", "\(duplicated)"), ("errors", "\(last.errors)"),
            ("resolved", "\(last.resolved)"), ("stale", "\(last.stale)"),
            ("contradictions", "\(last.contradictions.count)"), ("write_gap", seconds(last.longestWriteGap)),
            ("read_gap", seconds(last.longestReadGap)), ("mirror", isEqual ? "equal" : "different"),
            ("mirror_restarts", "\(mirror.now.restarts)"),
        ],
        isGood: lost == 0 && duplicated == 0 && last.stale == 0 && last.contradictions.isEmpty && isEqual)
}

/// An update that was under way when its writer was told to stop, and was carried out.
private func isUnanswered(_ article: Article, _ entry: Ledger.Entry) -> Bool {
    article.revision == entry.revision + 1 && article.title.hasPrefix("update")
}
