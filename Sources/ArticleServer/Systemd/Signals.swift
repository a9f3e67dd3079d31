internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// The signals that steer the process, as something to wait for: signalfd(2).
public struct Signals: Sendable {
    /// What a person or the service manager wants.
    public enum Wish: Sendable, Equatable {
        /// SIGTERM, SIGINT
        case stop
        /// SIGHUP
        case reload
    }

    /// Readable when there is a wish.
    public let descriptor: Int32

    /// Blocks the signals in this thread and in those that it starts later: to be made before any other thread.
    public init() throws(StartError) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = unsafe clinux_signalfd([SIGTERM, SIGINT, SIGHUP], 3)
        guard descriptor >= 0 else { throw StartError(.system, "signalfd: \(SystemError.text(of: errno))") }
    }

    /// The next wish, or nil if none waits.
    public func next() -> Wish? {
        switch clinux_signalfd_read(descriptor) {
        case SIGTERM, SIGINT: .stop
        case SIGHUP: .reload
        default: nil
        }
    }
}
