internal import ArticleProtocol
internal import Glibc
internal import Synchronization

/// Sole use of a directory, until it is released: LMDB itself would let a second process write as well.
///
/// The directory itself is locked: a file in it may be deleted, and made anew by somebody else. The file `lock` tells people who has
/// it. The lock goes with its process, however that ends (flock(2)).
final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let file: Int32
    private let isReleased = Atomic(false)

    /// Throws `failedPrecondition`, with the number of the process that has it.
    init(_ directory: String) throws(ServiceError) {
        let path = directory + "/lock"
        descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(directory)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw ServiceError(lmdb: code, "cannot lock \(directory)") }
            let owner = Self.owner(path)
            throw ServiceError(
                .failedPrecondition,
                "\(directory) is in use by process \(owner): stop it, or name another directory")
        }
        // An earlier articled locks the file: it is kept out as long as the file is there.
        file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let error = ServiceError.system("cannot write \(path)")
            close(descriptor)
            throw error
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            close(descriptor)
            throw ServiceError(
                .failedPrecondition,
                "\(directory) is in use by process \(Self.owner(path)): stop it, or name another directory")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(file, 0)
        _ = unsafe pwrite(file, text, text.count, 0)
    }

    deinit { release() }

    /// Lets others in.
    func release() {
        if isReleased.exchange(true, ordering: .relaxed) { return }
        // A process that is just being started has the descriptor too, for a moment: to close it would not be enough.
        for each in [file, descriptor] {
            flock(each, LOCK_UN)
            close(each)
        }
    }

    /// What the owner wrote down; for people, so that anything unreadable is "unknown".
    private static func owner(_ path: String) -> String {
        let bytes = (try? FilePart.read(path, 16, at: 0)) ?? []
        let digits = bytes.prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
