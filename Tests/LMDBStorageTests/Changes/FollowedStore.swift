// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A directory with the storage that a test follows, and the articles in it.
struct FollowedStore {
    let directory = TemporaryDirectory()
    let ids = (0..<12).map { _ in ArticleID.generate() }

    func open(_ path: String? = nil, _ limits: EngineLimits = ModelRun.plain) throws -> LMDBEngine {
        try LMDBEngine(limits, directory: path ?? directory.path)
    }

    func fill(_ storage: LMDBEngine, _ content: String = "x") async {
        for id in ids { _ = await storage.put(.id(id), "\(content) \(id)", key: "\(id)") }
    }

    /// The code with which a position is refused; `nil` if it is known.
    func refusal(_ position: ChangePosition?, _ storage: LMDBEngine) throws -> StatusCode? {
        do {
            _ = try storage.lend(ChangeQuery(.after(try #require(position)))) { _ in true }
            return nil
        } catch let error as ServiceError {
            return error.code
        }
    }
}
