// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol

/// `created_at` of an export: only who may administer the service can set it. Everybody else stores the article without it.
enum CreatedAt {
    static let note = RecordNote(
        kind: "created_at", "created_at is not kept: only a user who may administer the service can set it")

    /// Stores an article with the time, or without it if this user may not set it.
    static func put(
        _ time: Int64, _ notes: RecordNotes, at origin: Origin,
        _ store: (Int64) async throws(ClientError) -> PutResult
    ) async throws(ClientError) -> PutResult {
        do throws(ClientError) {
            return try await store(time)
        } catch {
            guard time != 0, error.status == .permissionDenied else { throw error }
        }
        let result = try await store(0)
        notes.tell([note], at: origin)
        return result
    }

    /// Whether this user may set it. Asks with a put that stores nothing, because its article would have to exist.
    static func isAllowed(_ time: Int64, _ client: ArticleClient) async throws(CommandFailure) -> Bool {
        do throws(ClientError) {
            _ = try await client.put(
                Article(id: .generate(), title: "?"), expectedRevision: 1, createdAt: time,
                policy: CallPolicy(retry: .idempotent))
            return true
        } catch {
            switch error.status {
            case .conflict: return true
            case .permissionDenied: return false
            default: throw CommandFailure(of: error)
            }
        }
    }
}
