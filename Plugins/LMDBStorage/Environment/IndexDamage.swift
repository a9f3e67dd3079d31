internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Whether the index was found to be damaged while the service runs. From then on nothing is answered that it alone knows: that there
/// is no such article, and lists. Articles that it still finds are checked by their own checksums. The next start makes it anew.
final class IndexDamage: Sendable {
    private let isKnown = Atomic(false)
    private let reason = Mutex<String?>(nil)

    /// Entries of a list do not stand in their order.
    static let outOfOrder = ServiceError(.dataLoss, "the entries of a list are out of order")

    /// What is wrong; `nil`: nothing is known.
    var current: String? { isKnown.load(ordering: .relaxed) ? reason.withLock { $0 } : nil }

    /// It was found: that is in the journal when this returns, once.
    func report(_ found: String, _ log: PluginLog) {
        guard note(found) else { return }
        log.error(
            "the index is damaged: \(found). Lists, and articles that are not found, are answered with DATA_LOSS, and nothing is written: restart the service, which makes the index anew from the articles"
        )
    }

    private func note(_ found: String) -> Bool {
        let isNew = reason.withLock { reason in
            defer { reason = reason ?? found }
            return reason == nil
        }
        isKnown.store(true, ordering: .releasing)
        return isNew
    }

    /// Throws if what only the index knows cannot be told.
    @inline(__always)
    func check(_ path: String) throws(ServiceError) {
        if isKnown.load(ordering: .relaxed) { throw error(path) }
    }

    private func error(_ path: String) -> ServiceError {
        ServiceError(
            .dataLoss,
            "the index \(path) is damaged (\(current ?? "")): restart the service, which makes it anew from the articles"
        )
    }
}
