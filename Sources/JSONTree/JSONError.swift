// SPDX-License-Identifier: Apache-2.0
/// Why bytes are not JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let place: JSONPlace
    /// "expected a value"
    package let message: String

    init(_ message: String, at place: JSONPlace) {
        self.message = message
        self.place = place
    }

    /// Which byte, from 0.
    package var offset: Int { place.offset }

    package var description: String { "invalid JSON at line \(place.line), column \(place.column): \(message)" }
}
