// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import WorkerThreads

/// An article as it is stored now.
struct ComparedArticle: Sendable {
    let document: IndexDocument
    let url: String

    /// - Throws: `dataLoss` if it is damaged.
    init(_ record: borrowing StoredRecord) throws(ServiceError) {
        document = try IndexDocument(record)
        url = String(decoding: [UInt8](joining: record.key), as: UTF8.self)
    }

    /// What a client is told of it.
    func duplicate(_ similarity: Double) -> Duplicate {
        Duplicate(
            id: document.id, similarity: Float(similarity), time: document.time, source: document.source,
            title: document.title, url: url)
    }
}

extension Duplicate {
    /// The order of time. Articles of the same time are ordered by their ids.
    static func isEarlier(_ one: Duplicate, _ other: Duplicate) -> Bool {
        guard one.time == other.time, let id = one.id, let otherID = other.id else { return one.time < other.time }
        return id < otherID
    }
}

extension Duplicates {
    /// How long a request waits for the index to be opened, in steps of 20 ms.
    private static let openingSteps = 500
    /// So many articles are read before they are compared.
    private static let batch = 8

    /// The threshold of a request.
    func threshold(_ requested: Float) throws(ServiceError) -> Double {
        if requested == 0 { return Double(threshold) }
        guard requested >= 0.3, requested <= 1 else {
            throw ServiceError(.invalidArgument, "threshold: \(requested); 0.3 to 1 are allowed")
        }
        return Double(requested)
    }

    /// Looks into the index, on a thread for it.
    func looking<Found: Sendable>(
        _ body: @escaping @Sendable (IndexSnapshot) throws(IndexError) -> Found
    ) async throws -> Found {
        let index = try await index()
        let found = try await workers.run { () -> Result<Found, IndexError> in
            do throws(IndexError) { return .success(try body(index.snapshot)) } catch { return .failure(error) }
        }
        switch found {
        case .success(let found): return found
        case .failure(let error):
            if error.kind == .damaged || error.kind == .io { following.restart(after: error) }
            throw error.serviceError("the duplicates' index")
        }
    }

    private func index() async throws -> DuplicateIndex {
        for _ in 0..<Self.openingSteps {
            if let index = following.index { return index }
            if let problem = following.problem { throw ServiceError(.unavailable, "duplicates: \(problem)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ServiceError(.unavailable, "duplicates: the index is being opened; try again later")
    }

    /// A stored article; nil if there is none.
    ///
    /// - Throws: `dataLoss` if it is damaged.
    func read(_ key: ArticleKey) async throws(ServiceError) -> ComparedArticle? {
        guard (key.id == nil) != key.url.isEmpty else {
            throw ServiceError(.invalidArgument, "key: exactly one of id and url is needed")
        }
        var article: Result<ComparedArticle, ServiceError>?
        func read(_ record: borrowing StoredRecord) {
            do throws(ServiceError) {
                article = .success(try ComparedArticle(record))
            } catch {
                article = .failure(error)
            }
        }
        let isThere =
            if let id = key.id {
                try await storage.read(id: id, read)
            } else {
                try await storage.read(url: Array(key.url.utf8), read)
            }
        return isThere ? try article?.get() : nil
    }

    /// Compares stored articles with a text, and calls `body` with each that is similar enough. Articles that are gone or
    /// damaged are left out.
    func compare(
        _ ids: [ArticleID], with shingles: Shingles, _ threshold: Double,
        _ body: (ComparedArticle, Double) -> Void
    ) async throws {
        for start in stride(from: 0, to: ids.count, by: Self.batch) {
            try Task.checkCancellation()
            var articles: [ComparedArticle] = []
            for id in ids[start..<min(start + Self.batch, ids.count)] {
                do throws(ServiceError) {
                    if let article = try await read(ArticleKey(id: id)) { articles.append(article) }
                } catch {
                    guard error.code == .dataLoss else { throw error }
                }
            }
            let similarities = try await workers.run { [articles] in
                articles.map { shingles.jaccard(Shingles($0.document)) }
            }
            for (article, similarity) in zip(articles, similarities) where similarity >= threshold {
                body(article, similarity)
            }
        }
    }
}
