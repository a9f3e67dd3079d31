// SPDX-License-Identifier: Apache-2.0
extension [UInt8] {
    /// The array's bytes.
    var raw: RawSpan {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe span.bytes
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }
}
