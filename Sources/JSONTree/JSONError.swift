/// Why a text is no JSON5.
package struct JSONError: Error, CustomStringConvertible {
    /// What was met, and where.
    package let description: String

    init(_ description: String) { self.description = description }
}
