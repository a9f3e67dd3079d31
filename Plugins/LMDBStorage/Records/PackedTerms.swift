/// Terms as they lie in a record: each behind its length, one byte.
enum PackedTerms {
    /// Calls `body` with each; a length that points behind the end ends the list.
    static func forEach(_ terms: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var offset = 0
        while offset < terms.count {
            let end = offset + 1 + Int(unsafe terms[offset])
            guard end <= terms.count else { return }
            unsafe body(UnsafeRawBufferPointer(rebasing: terms[offset + 1..<end]))
            offset = end
        }
    }

    /// Whether both have the same terms, in whatever order. Neither has one twice.
    static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        if unsafe Memory.equal(a, b) { return true }
        guard a.count == b.count else { return false }
        var missing = false
        unsafe forEach(a) { term in
            var isFound = false
            unsafe forEach(b) { if unsafe Memory.equal($0, term) { isFound = true } }
            if !isFound { missing = true }
        }
        return !missing
    }
}
