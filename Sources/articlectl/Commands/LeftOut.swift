import ArticleClient
import Synchronization

/// Articles of a list that cannot be given, and why: they are told when the others were.
final class LeftOut: Sendable {
    private static let mostReasons = 20
    private let errors = Mutex<[ClientError]>([])

    /// The list without them.
    func skipping(_ list: ArticleList) -> ArticleList {
        list.skipping { [self] error in errors.withLock { $0.append(error) } }
    }

    /// Throws if there are any, besides so many that were given.
    func check(given count: Int) throws(CommandFailure) {
        let missing = errors.withLock { $0 }
        if missing.isEmpty { return }
        let reasons = missing.prefix(Self.mostReasons).map { "\n  \($0.message)" }.joined()
        let more = missing.count > Self.mostReasons ? "\n  and \(missing.count - Self.mostReasons) more" : ""
        throw CommandFailure(
            .io, "\(missing.count) of \(count + missing.count) articles are left out:" + reasons + more)
    }
}
