internal import Glibc

/// A file, a pipe or standard input, read in pieces. The descriptor is closed with it.
struct ByteSource: ~Copyable {
    /// "story.txt", or "standard input".
    let name: String
    /// Bytes, if it is a regular file.
    let size: Int?
    private let descriptor: Int32
    private let owned: Bool
    /// Waiting for input ends when this becomes readable; -1 if there is no such descriptor.
    private let interrupt: Int32

    /// - Parameter path: "-" is standard input.
    init(_ path: String, interrupt: Int32 = -1) throws(CommandFailure) {
        owned = path != "-"
        name = owned ? path : "standard input"
        descriptor = owned ? unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        var status = stat()
        let known = unsafe fstat(descriptor, &status) == 0
        if known, status.st_mode & S_IFMT == S_IFDIR {
            if owned { close(descriptor) }
            throw CommandFailure(.noInput, "\(path) is a directory", hint: "`articlectl import` takes directories")
        }
        size = known && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
        self.interrupt = size == nil ? interrupt : -1
    }

    deinit { if owned { close(descriptor) } }

    private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
        CommandFailure(.noInput, "\(path): \(SystemText.describing(number))")
    }

    /// Appends the next piece.
    ///
    /// - Returns: how many bytes; 0 at the end, or when the wait was interrupted.
    func read(into buffer: inout [UInt8], most: Int = 256 << 10) throws(CommandFailure) -> Int {
        guard waitForInput() else { return 0 }
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: most))
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress.map { unsafe $0 + start }, most)
            }
            if count < 0 && errno == EINTR && !Signals.isInterrupted { continue }
            let number = errno
            buffer.removeLast(most - max(0, count))
            if count >= 0 { return count }
            if number == EINTR { return 0 }
            throw CommandFailure(.io, "\(name): \(SystemText.describing(number))")
        }
    }

    private func waitForInput() -> Bool {
        guard interrupt >= 0 else { return true }
        var waits = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&waits, 2, -1) < 0 && errno == EINTR && !Signals.isInterrupted {}
        return waits[1].revents == 0 && !Signals.isInterrupted
    }

    /// - Parameters:
    ///   - most: bytes that may be in memory in one piece.
    ///   - piece: what has more of them: "it", "its line 3".
    func tooLarge(_ most: Int, in piece: String) -> CommandFailure {
        CommandFailure(
            .data, "\(name) is too large: \(piece) has more than \(Quantity.bytes(most)), too much for one piece",
            hint: "many articles go into one file as JSON Lines, one on each line: `articlectl help import`")
    }
}
