internal import CUTF8

extension RawSpan {
    /// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): nothing overlong, no surrogate, nothing cut off.
    ///
    /// It is on the way of every article that is stored, and its speed does not depend on the text: Vietnamese changes between
    /// one, two and three bytes a letter all the time, and a validator that branches would guess wrong as often.
    var isUTF8: Bool {
        unsafe withUnsafeBytes { unsafe cutf8_is_valid($0.baseAddress, $0.count) }
    }
}
