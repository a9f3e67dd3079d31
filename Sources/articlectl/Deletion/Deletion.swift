// SPDX-License-Identifier: Apache-2.0

import ArticleClient
import ArticleProtocol

/// Deletes many articles, some at a time, each only at the revision that it was seen at, if one is given.
struct Deletion {
    struct Subject: Sendable, Equatable {
        let id: ArticleID
        /// The revision that it was seen at; nil: whatever it is now.
        let revision: UInt64?
    }

    /// What became of them.
    struct Counts: Sendable, Equatable {
        var deleted = 0
        /// Changed by somebody else since they were seen; they stay.
        var changed = 0
        /// Deleted by somebody else since they were seen.
        var gone = 0
        var failed = 0
        /// The first of the failures, with the articles' ids.
        var failures: [String] = []

        var all: Int { deleted + changed + gone + failed }
    }

    /// How many are under way at once: enough for the service to write many with one sync.
    private static let width = 256
    private static let mostFailures = 20

    let client: ArticleClient

    /// Deletes until there are no more subjects.
    ///
    /// - Parameters:
    ///   - next: the next one; nil at the end, and when no more are to be begun.
    ///   - note: is told after each what became of all so far.
    /// - Throws: what would happen to every other article as well: nobody may write, the service is gone. `note` has the
    ///   counts.
    func run(next: () throws(CommandFailure) -> Subject?, note: (Counts) -> Void) async throws(CommandFailure) {
        var counts = Counts()
        var failure: CommandFailure?
        await withTaskGroup(of: (Subject, ClientError?).self) { [client] group in
            func begin() -> Bool {
                guard failure == nil else { return false }
                do throws(CommandFailure) {
                    guard let subject = try next() else { return false }
                    group.addTask { (subject, await Self.delete(subject, client)) }
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            for _ in 0..<Self.width where !begin() { break }
            while let (subject, error) = await group.next() {
                if let error {
                    if let ofAll = Self.count(error, of: subject, in: &counts) { failure = failure ?? ofAll }
                } else {
                    counts.deleted += 1
                }
                note(counts)
                _ = begin()
            }
        }
        if let failure { throw failure }
    }

    private static func delete(_ subject: Subject, _ client: ArticleClient) async -> ClientError? {
        do throws(ClientError) {
            // Twice does no harm: it is deleted at this revision only, or is not to be there at all.
            _ = try await client.delete(
                id: subject.id, expectedRevision: subject.revision, policy: CallPolicy(retry: .idempotent))
            return nil
        } catch {
            return error
        }
    }

    /// - Returns: the error, if all others would get it as well.
    private static func count(_ error: ClientError, of subject: Subject, in counts: inout Counts) -> CommandFailure? {
        switch error.status {
        case .conflict where error.kind == .status: counts.changed += 1
        case .notFound where error.kind == .status: counts.gone += 1
        default:
            counts.failed += 1
            if counts.failures.count < mostFailures { counts.failures.append("\(subject.id): \(error.message)") }
            let isOfOne = error.kind == .status && [.dataLoss, .internal, .invalidArgument].contains(error.status)
            return isOfOne ? nil : CommandFailure(ofChange: error)
        }
        return nil
    }
}
