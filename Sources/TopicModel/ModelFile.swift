import Glibc

/// A model's file that stays open: whatever is read from it later is of the file that was there, even if another one has
/// taken its name since.
public final class ModelFile: Sendable {
    /// The name that it was opened by.
    public let path: String
    let descriptor: Int32

    /// Opens the file; what is in it shows when a model is read from it.
    public init(path: String) throws(TopicModelError) {
        self.path = path
        // O_NONBLOCK: a pipe of that name must not hold us up.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What errno says.
    func failure() -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unreadable, "cannot read the topic model \(path): \(reason)")
    }
}
