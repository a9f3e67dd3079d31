internal import Glibc

/// Standard output, written in large pieces.
///
/// A reader that goes away early (`articlectl list | head`) ends the program as it ends any other: quietly, by SIGPIPE.
final class Output {
    private var buffer: [UInt8] = []
    private let descriptor: Int32
    /// For messages.
    private let name: String
    /// Lines are shown at once to a person, and in pieces of this size to a program.
    private let capacity: Int

    init(descriptor: Int32 = STDOUT_FILENO, name: String = "standard output", isTerminal: Bool) {
        self.descriptor = descriptor
        self.name = name
        capacity = isTerminal ? 0 : 64 << 10
    }

    /// The text as it is: the caller has made it safe for a terminal, see ``Sanitised``.
    func write(_ text: String) throws(CommandFailure) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count > capacity { try flush() }
    }

    func line(_ text: String = "") throws(CommandFailure) { try write(text + "\n") }

    func write(bytes: some Sequence<UInt8>) throws(CommandFailure) {
        buffer.append(contentsOf: bytes)
        if buffer.count > capacity { try flush() }
    }

    /// Hands everything to the system.
    func flush() throws(CommandFailure) {
        var done = 0
        while done < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
            }
            if count >= 0 {
                done += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitForRoom()
            case EPIPE: Signals.endAsBrokenPipe()
            default:
                let reason = SystemText.describing(errno)
                buffer = []
                throw CommandFailure(.io, "\(name): \(reason)")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// For a standard output that somebody made non-blocking.
    private func waitForRoom() {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&poller, 1, -1)
    }
}

/// Standard error: for people.
enum Complaint {
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }  // there is nobody to tell
            bytes = bytes.dropFirst(count)
        }
    }

    static func line(_ text: String) { write("articlectl: " + Sanitised.text(text, keepingLines: true) + "\n") }
}
