internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// Sole use of a directory, until it is released: LMDB itself would let a second process write as well.
///
/// It goes with its process, however that ends (flock(2)).
final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let isReleased = Atomic(false)

    /// Throws `failedPrecondition`, with the number of the process that has it.
    init(_ directory: String) throws(ServiceError) {
        let path = directory + "/lock"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("cannot write \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let owner = Self.owner(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw ServiceError(lmdb: code, "cannot lock \(path)") }
            throw ServiceError(
                .failedPrecondition,
                "\(directory) is in use by process \(owner): stop it, or name another directory")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, text, text.count, 0)
    }

    deinit { release() }

    /// Lets others in.
    func release() {
        if isReleased.exchange(true, ordering: .relaxed) { return }
        // A process that is just being started has the descriptor too, for a moment: to close it would not be enough.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// What the owner wrote down; for people, so that anything unreadable is "unknown".
    private static func owner(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
