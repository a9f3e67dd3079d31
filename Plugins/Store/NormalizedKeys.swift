// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import ArticleURL
internal import HandlerKit

/// Gives articles that were stored under their URL as it was written the normal form of it as key, so that every URL that is
/// the same finds them. They were stored before keys were normalized, by an older service that shares the storage, or before
/// `stripQuery` was changed.
///
/// Reads what was changed since the last time, and all articles the first time. An article whose URL is the same as another's
/// keeps its key: they were two articles, and both are still found by their own.
struct NormalizedKeys: Sendable {
    let storage: any ArticleStorage
    let log: PluginLog
    /// Where the reader was the last time.
    private let file: PositionFile

    /// As many ids are named in the journal.
    private static let maxNamed = 10
    /// Raised when the normal form changes: then all articles are looked at again.
    private static let version = 1

    /// - Parameter directory: of the plugin.
    init(_ storage: any ArticleStorage, directory: String, log: PluginLog) {
        self.storage = storage
        self.log = log
        let rules = "\(Self.version) \(storage.urlRules.strippedParameters.joined(separator: ","))"
        let name = "keys-" + String(CRC32C.checksum(Array(rules.utf8)), radix: 16)
        file = PositionFile("\(directory)/\(name)")
    }

    /// What became of an article whose key is not the normal form of its URL.
    private enum Became: Sendable { case normal, kept }

    private struct Outcome {
        var changed = 0
        var kept: [ArticleID] = []
        var keptCount = 0

        mutating func add(_ became: Became?, _ id: ArticleID) {
            switch became {
            case .normal: changed += 1
            case .kept:
                keptCount += 1
                if kept.count < NormalizedKeys.maxNamed { kept.append(id) }
            case nil: break
            }
        }
    }

    /// Runs until all changes so far were looked at. Throws errors of the storage.
    func run() async throws {
        var outcome = Outcome()
        var position: ChangePosition?
        do throws(ServiceError) {
            position = try file.load()?.position
        } catch {
            log.notice("\(error.message). All articles are looked at again")
        }
        for try await batch in storage.changes(after: position) {
            try Task.checkCancellation()
            // All at once, so that they share a sync of the disk.
            try await withThrowingTaskGroup(of: (ArticleID, Became?).self) { group in
                for change in batch.changes where change.kind == .put {
                    group.addTask { (change.record.id, try await normalize(change.record)) }
                }
                for try await (id, became) in group { outcome.add(became, id) }
            }
            if batch.isCaughtUp {
                try file.save(batch.position)
                break
            }
        }
        tell(outcome)
    }

    private func normalize(_ record: RecordCopy) async throws(ServiceError) -> Became? {
        guard !record.key.isEmpty, let url = record.url, let key = key(for: url, of: record) else { return nil }
        let bytes = record.content.rawSpan
        let article: ArticleContent
        do throws(ServiceError) { article = try ArticleContent(validating: bytes) } catch { return nil }
        let result = await storage.write(
            StorageWrite(
                put: .id(record.id), key: key.rawSpan, formerKey: record.key.rawSpan, expectedRevision: record.revision,
                time: article.publishedAt == 0 ? nil : article.publishedAt, content: bytes,
                contentChecksum: record.contentChecksum, terms: TermList(of: article, in: bytes)))
        switch result.outcome {
        case .created, .updated, .deleted: return .normal
        case .unchanged: return .kept
        // Another writer was quicker, and has stored it under its key.
        case .refused(let error) where [.conflict, .notFound, .alreadyExists].contains(error.code): return nil
        case .refused(let error): throw error
        }
    }

    /// The key that the article should have; `nil` if it has it, or has one that is not made of its URL.
    private func key(for url: [UInt8], of record: RecordCopy) -> [UInt8]? {
        let key = storage.urlRules.normalForm(of: url.rawSpan) ?? url
        guard key != record.key, CRC32C.checksum(record.content) == record.contentChecksum else { return nil }
        func withoutQuery(_ url: [UInt8]) -> ArraySlice<UInt8> {
            URLRules.standard.normalized(url).prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        }
        return withoutQuery(url) == withoutQuery(record.key) ? key : nil
    }

    private func tell(_ outcome: Outcome) {
        if outcome.changed > 0 {
            log.notice("\(outcome.changed) articles are found by every form of their URL now")
        }
        guard outcome.keptCount > 0 else { return }
        let ids = outcome.kept.map(\.description).joined(separator: ", ")
        let more = outcome.keptCount > outcome.kept.count ? " ..." : ""
        log.notice(
            "\(outcome.keptCount) articles have a URL that is the same as another article's: each is found by the URL as it was "
                + "stored. Delete those that are not wanted: \(ids)\(more)")
    }
}

extension RecordCopy {
    /// The URL of the article; `nil` if it has none, or is none.
    fileprivate var url: [UInt8]? {
        do throws(ServiceError) {
            var reader = WireReader(content.rawSpan)
            var url: [UInt8] = []
            while try reader.next() {
                if reader.field == 2 { url = [UInt8](joining: try reader.span()) } else { try reader.skip() }
            }
            return url.isEmpty ? nil : url
        } catch {
            return nil
        }
    }
}
