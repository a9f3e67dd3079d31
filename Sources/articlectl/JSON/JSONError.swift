/// Why bytes are no JSON, and where.
struct JSONError: Error, Equatable, CustomStringConvertible {
    /// Which byte, from 0.
    let offset: Int
    let message: String

    var description: String { "no valid JSON at byte \(offset + 1): \(message)" }
}
