internal import ArticleProtocol

extension ArticleID {
    /// No record's: stands where there is none to name.
    static var zero: ArticleID { ArticleID(high: 0, low: 0) }
}
