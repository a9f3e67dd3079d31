extension RawSpan {
    /// Whether the bytes are text in UTF-8, found without a copy.
    var isUTF8: Bool {
        do {
            _ = try UTF8Span(validating: Span(_bytes: self))
            return true
        } catch {
            return false
        }
    }
}
