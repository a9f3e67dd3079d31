internal import Synchronization

/// The classifier in force, which a reload replaces while requests use the old one.
final class CurrentClassifier: Sendable {
    private let slot: Mutex<Classifier>

    init(_ classifier: Classifier) { slot = Mutex(classifier) }

    var value: Classifier {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}
