// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A system call that failed: which, and why.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call, as its manual page is named.
    public let call: String
    /// Its `errno`.
    public let code: Int32

    /// - Parameter code: the failure's; by default what the last call of this thread left in `errno`.
    public init(_ call: String, code: Int32 = SystemError.lastCode) {
        self.call = call
        self.code = code
    }

    /// What the last failed call of this thread left in `errno`.
    public static var lastCode: Int32 { errno }

    /// "Connection refused"
    public var text: String { Self.text(of: code) }

    /// "connect: Connection refused"
    public var description: String { "\(call): \(text)" }

    /// The description of an `errno`, in English whatever the locale is.
    public static func text(of code: Int32) -> String {
        guard let text = unsafe clinux_error_text(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}
