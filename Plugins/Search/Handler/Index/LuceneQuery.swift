// SPDX-License-Identifier: Apache-2.0
internal import CLucene
internal import IndexFollowing
internal import SearchText

/// A query of Lucene++, which is freed with this object. Used by one thread.
@safe final class LuceneQuery {
    /// nil once the query belongs to another one.
    private var handle: OpaquePointer?

    init(_ handle: OpaquePointer?) throws(IndexError) {
        guard let handle = unsafe handle else {
            throw IndexError(kind: .memory, message: "the query needs too much memory")
        }
        unsafe self.handle = handle
    }

    deinit { if let handle = unsafe handle { unsafe clucene_query_free(handle) } }

    /// Lends the query to `body`.
    @safe func lend<Result>(_ body: (OpaquePointer?) -> Result) -> Result { unsafe body(handle) }

    private func taken() -> OpaquePointer? {
        defer { unsafe handle = nil }
        return unsafe handle
    }

    /// A query of several parts.
    ///
    /// - Parameter minimum: how many of the parts that should match must.
    static func boolean(
        _ parts: [(LuceneQuery, clucene_occur)], minimum: Int32 = 0, in index: OpaquePointer
    ) throws(IndexError) -> LuceneQuery {
        let whole = try unsafe LuceneQuery(clucene_boolean(index))
        for (part, occur) in parts {
            let isAdded = unsafe clucene_boolean_add(whole.handle, part.taken(), occur)
            guard isAdded else { throw IndexError(kind: .failed, message: "the query has too many parts") }
        }
        if minimum > 0 { unsafe clucene_boolean_minimum(whole.handle, minimum) }
        return whole
    }

    /// The same articles, all with one score.
    consuming func constant(_ score: Float) throws(IndexError) -> LuceneQuery {
        try unsafe LuceneQuery(clucene_constant(taken(), score))
    }
}

/// Makes queries for one index and one of its snapshots.
@safe struct LuceneQueryMaker {
    /// Only used for making queries, which needs no lock.
    private let index: OpaquePointer
    private let searcher: OpaquePointer

    init(index: OpaquePointer, searcher: OpaquePointer) {
        unsafe self.index = index
        unsafe self.searcher = searcher
    }

    func everything() throws(IndexError) -> LuceneQuery { try unsafe LuceneQuery(clucene_everything(index)) }

    func term(_ field: LuceneField, _ text: String, _ boost: Float = 1) throws(IndexError) -> LuceneQuery {
        try unsafe LuceneQuery(clucene_term(index, field.rawValue, text, text.utf8.count, boost))
    }

    /// The most frequent words that begin so.
    func prefix(
        _ field: LuceneField, _ beginning: String, most: Int, _ boost: Float
    ) throws(IndexError) -> LuceneQuery {
        try unsafe LuceneQuery(
            clucene_prefix(index, searcher, field.rawValue, beginning, beginning.utf8.count, most, boost))
    }

    /// Words one after another.
    func phrase(_ field: LuceneField, _ words: [String], _ boost: Float) throws(IndexError) -> LuceneQuery {
        var bytes: [UInt8] = []
        var ends: [UInt32] = []
        for word in words {
            bytes.append(contentsOf: word.utf8)
            ends.append(UInt32(clamping: bytes.count))
        }
        let handle = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe ends.withUnsafeBufferPointer { ends in
                var terms = unsafe clucene_terms(
                    field: field.rawValue, bytes: bytes.baseAddress, ends: ends.baseAddress, count: words.count,
                    gap_before: 0)
                return unsafe clucene_phrase(index, &terms, boost)
            }
        }
        return try unsafe LuceneQuery(handle)
    }

    /// lower <= time < upper.
    func time(from lower: Int64?, until upper: Int64?) throws(IndexError) -> LuceneQuery {
        try unsafe LuceneQuery(clucene_range(index, LuceneField.time.rawValue, lower ?? .min, upper ?? .max))
    }

    func boolean(
        _ parts: [(LuceneQuery, clucene_occur)], minimum: Int32 = 0
    ) throws(IndexError) -> LuceneQuery {
        try unsafe LuceneQuery.boolean(parts, minimum: minimum, in: index)
    }
}
