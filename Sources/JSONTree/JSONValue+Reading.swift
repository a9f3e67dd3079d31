internal import FoundationEssentials

extension JSONValue {
    /// Reads a document in JSON5, which all JSON is.
    ///
    /// Throws `JSONError`.
    package init(json5: [UInt8]) throws(JSONError) {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            self = try decoder.decode(JSONValue.self, from: Data(json5))
        } catch DecodingError.dataCorrupted(let context) {
            throw JSONError(context.debugDescription + (context.underlyingError.map { ": \($0)" } ?? ""))
        } catch {
            throw JSONError("\(error)")
        }
    }
}
