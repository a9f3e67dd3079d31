import Glibc

/// What a system call left in `errno`.
struct SystemError: Error, Equatable {
    let number: Int32

    static var current: SystemError { SystemError(number: errno) }

    var wouldBlock: Bool { number == EAGAIN || number == EWOULDBLOCK }
    var interrupted: Bool { number == EINTR }

    /// "Connection refused"
    var text: String {
        // Since glibc 2.32 the text stays as it is until the thread asks again: strerror(3).
        guard let description = unsafe strerror(number) else { return "error \(number)" }
        return unsafe String(cString: description)
    }
}
