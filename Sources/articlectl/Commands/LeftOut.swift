// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import Synchronization

/// Articles of a list that are damaged or too large, and why. They are reported after the others.
final class LeftOut: Sendable {
    private static let mostReasons = 20
    private let errors = Mutex<[ClientError]>([])

    /// The list without them.
    func skipping(_ list: ArticleList) -> ArticleList {
        list.skipping { [self] error in errors.withLock { $0.append(error) } }
    }

    /// Throws if there are any.
    ///
    /// - Parameter count: how many articles were not left out.
    func check(given count: Int) throws(CommandFailure) {
        let missing = errors.withLock { $0 }
        if missing.isEmpty { return }
        let reasons = missing.prefix(Self.mostReasons).map { "\n  \($0.message)" }.joined()
        let more = missing.count > Self.mostReasons ? "\n  and \(missing.count - Self.mostReasons) more" : ""
        throw CommandFailure(
            .io,
            "\(missing.count) of \(Quantity.count(count + missing.count, "article")) \(missing.count == 1 ? "is" : "are") left out:"
                + reasons + more)
    }
}
