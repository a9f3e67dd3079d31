public import ArticleProtocol

/// Records that have all of some terms, newest time first, then highest id first.
public struct StorageQuery: Sendable, Equatable {
    /// A record's place in the order.
    public struct Position: Sendable, Equatable {
        /// Its time, milliseconds since 1970-01-01T00:00:00Z.
        public var time: Int64
        /// Its id.
        public var id: ArticleID

        /// A place in the order; there need not be a record.
        public init(time: Int64, id: ArticleID) {
            self.time = time
            self.id = id
        }
    }

    /// The most terms that a query may have.
    public static let termLimit = 8

    /// All of these; at most ``termLimit``.
    public var terms: TermList
    /// `from` <= time, milliseconds; `nil`: no bound.
    public var from: Int64?
    /// time < `until`, milliseconds; `nil`: no bound.
    public var until: Int64?
    /// Continue behind this place.
    public var after: Position?
    /// At most so many records.
    public var limit: Int

    /// Asks for records.
    public init(
        terms: TermList = TermList(), from: Int64? = nil, until: Int64? = nil, after: Position? = nil,
        limit: Int = .max
    ) {
        self.terms = terms
        self.from = from
        self.until = until
        self.after = after
        self.limit = limit
    }
}
