/// Why a file cannot be read as plain text: what is wrong, where, and what to do.
public struct PlainTextError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// It is not in UTF-8.
        case encoding
        /// It is no text at all.
        case binary
        /// It holds nothing but white space.
        case empty
    }

    public let code: Code
    /// Which byte, from 0; nil if it is the whole.
    public let offset: Int?
    public let message: String

    public var description: String { message }

    init(_ code: Code, at offset: Int? = nil, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    /// - Parameter line: from 1.
    static func notUTF8(at offset: Int, line: Int) -> PlainTextError {
        PlainTextError(
            .encoding, at: offset,
            "byte \(offset + 1) (line \(line)) is not valid UTF-8: is the file in an older encoding? "
                + "Convert it first, for example: iconv -f WINDOWS-1258 -t UTF-8")
    }

    static var utf16: PlainTextError {
        PlainTextError(
            .encoding, at: 0, "the file is in UTF-16, not in UTF-8: convert it first: iconv -f UTF-16 -t UTF-8")
    }

    static func nul(at offset: Int, line: Int) -> PlainTextError {
        PlainTextError(
            .binary, at: offset, "byte \(offset + 1) (line \(line)) is zero: this is no text file, or it is in UTF-16")
    }

    static var blank: PlainTextError { PlainTextError(.empty, "there is no text in it") }
}
