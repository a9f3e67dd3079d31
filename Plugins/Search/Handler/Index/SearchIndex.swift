// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import IndexFollowing
internal import SearchText

/// A full-text index of articles, as the plugin needs one. ``LuceneIndex`` is the one that is used; another library takes
/// these two protocols, and nothing else changes.
protocol SearchIndex: FollowedIndex {
    /// A snapshot that has all changes so far, committed or not.
    ///
    /// - Parameter previous: an earlier snapshot, from which unchanged parts are taken over.
    func snapshot(after previous: (any SearchSnapshot)?) throws(IndexError) -> any SearchSnapshot
    /// For the metrics.
    var figures: IndexFigures { get }
}

/// The articles of an index at one time. May be used on any number of threads.
protocol SearchSnapshot: Sendable {
    /// The number of articles.
    var articles: UInt64 { get }
    /// Searches.
    func search(_ request: SnapshotRequest) throws(IndexError) -> SnapshotResult
    /// The articles that are about the same as a document, best first.
    func related(_ request: RelatedSnapshotRequest) throws(IndexError) -> SnapshotResult
    /// The words of all articles. Reads them all.
    ///
    /// - Parameter deadline: CLOCK_MONOTONIC, in nanoseconds; 0: none.
    func vocabulary(deadline: UInt64) throws(IndexError) -> Vocabulary
    /// The number of articles that have a word, in its folded form.
    func frequency(of word: String) throws(IndexError) -> UInt64
    /// The number of articles that have two words one after the other in their beginning: in their folded form, with a blank.
    func frequency(ofPair pair: String) throws(IndexError) -> UInt64
}

/// Sizes of an index.
struct IndexFigures: Sendable {
    var segments: UInt64 = 0
    /// Memory of articles that are not yet in a segment.
    var bufferedBytes: UInt64 = 0
}

extension IndexError {
    /// The same for a request.
    var serviceError: ServiceError { serviceError("the search index") }
}

/// A search in a snapshot.
struct SnapshotRequest: Sendable {
    enum Order: Sendable {
        case relevance
        case newest
        case oldest
    }

    /// What must match.
    var query: SearchQuery
    /// Further conditions.
    var filters: [IndexFilter] = []
    /// How strictly words are compared.
    var matching: Matching = .allWords
    /// Equal scores are ordered newest first.
    var order = Order.relevance
    /// The most hits to return.
    var limit: Int
    /// Continue behind this hit.
    var after: IndexHit?
    /// A new article's score is multiplied by up to 1 + recency.
    var recency: Float = 0
    /// The present time, in milliseconds since 1970-01-01T00:00:00Z.
    var now: Int64 = 0
    /// What to count.
    var facets: [IndexFacet] = []
    /// When the answer is no longer of use: CLOCK_MONOTONIC, in nanoseconds; 0: never.
    var deadline: UInt64 = 0
}

/// A search for articles that are about the same.
struct RelatedSnapshotRequest: Sendable {
    var document: IndexDocument
    /// Whether the document is an article of the index, which is not returned.
    var isStored: Bool
    /// The most hits to return.
    var limit: Int
    /// CLOCK_MONOTONIC, in nanoseconds; 0: never.
    var deadline: UInt64 = 0
}

/// How strictly words are compared.
enum Matching: Sendable, Equatable {
    /// All words must be there, with any marks. Those with the query's marks come first.
    case allWords
    /// All words must be there, with the query's marks.
    case allWordsWithMarks
    /// Some of the words must be there. Articles with all of them come first.
    case someWords
}

/// A condition on a value that is compared as a whole.
enum IndexFilter: Sendable, Equatable {
    case topic(String)
    /// Byte for byte.
    case source(String)
    case language(String)
    /// `from` is inclusive, `until` exclusive; milliseconds since 1970-01-01T00:00:00Z.
    case time(from: Int64?, until: Int64?)
}

/// What can be counted.
enum IndexFacet: Sendable, CaseIterable {
    case topic
    case source
    /// `2024-05`, in UTC.
    case month
}

/// A place in the order of hits.
struct IndexHit: Sendable, Equatable {
    /// The article's number in this snapshot.
    var document: Int32
    var score: Float
    /// The article's time, in milliseconds since 1970-01-01T00:00:00Z.
    var time: Int64
}

/// What a search has found.
struct SnapshotResult: Sendable {
    struct Hit: Sendable {
        var id: ArticleID
        var place: IndexHit
    }

    struct FacetValue: Sendable {
        var facet: IndexFacet
        var value: String
        var count: UInt64
    }

    var hits: [Hit] = []
    /// The number of all articles that match.
    var total: UInt64 = 0
    var facets: [FacetValue] = []
}
