internal import Glibc

/// A system call that failed: which, and why.
public struct SystemError: Error, CustomStringConvertible {
    /// The call, as its manual page is named.
    public let call: String
    /// Its `errno`.
    public let code: Int32

    /// - Parameter code: the failure's; by default what the last call of this thread left in `errno`.
    init(_ call: String, code: Int32 = SystemCall.lastError) {
        self.call = call
        self.code = code
    }

    public var description: String { "\(call): \(SystemCall.text(of: code))" }
}
