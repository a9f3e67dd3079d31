// SPDX-License-Identifier: Apache-2.0
package import ArticleProtocol
package import HandlerKit

/// An index of articles that ``IndexFollower`` keeps up to date.
///
/// One task at a time changes the index. ``commit(_:)`` and ``merge()`` may run beside it, on threads of their own.
package protocol FollowedIndex: Sendable {
    /// What the last commit was given; nil if nothing was committed yet.
    var committed: CommittedState? { get }

    /// Adds an article, or replaces it.
    func update(_ document: IndexDocument) throws(IndexError)
    /// Removes an article, if it is there.
    func delete(_ id: ArticleID) throws(IndexError)
    /// Brings all changes to disk, together with the state. Waits for the disk.
    func commit(_ state: CommittedState) throws(IndexError)
    /// Whether ``merge()`` has something to do.
    var needsMerge: Bool { get }
    /// Tidies up what many small changes left behind. May take minutes, and blocks its thread.
    func merge() throws(IndexError)
    /// Closes the index, and drops what was not committed. A merge is stopped.
    func close()
}

/// Where an index stands in the storage's changes.
package struct CommittedState: Sendable, Equatable {
    /// All changes up to here are in the index.
    package var position: ChangePosition
    /// Whether the index once had caught up with the storage since it was made.
    package var isComplete: Bool

    package init(position: ChangePosition, isComplete: Bool) {
        self.position = position
        self.isComplete = isComplete
    }
}

/// Why an index cannot do what it was asked.
package struct IndexError: Error, Equatable {
    package enum Kind: Sendable {
        /// The files are damaged, incomplete, or of an unknown version: throw the index away.
        case damaged
        /// The operating system refused to read or write.
        case io
        /// Another process has the index open.
        case locked
        /// There is not enough memory.
        case memory
        /// The search exceeded its time.
        case tooLong
        /// The index is closed.
        case aborted
        /// Anything else.
        case failed
    }

    package let kind: Kind
    package let message: String

    package init(kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    /// The same for a request.
    ///
    /// - Parameter index: what the index is called: "the search index".
    package func serviceError(_ index: String) -> ServiceError {
        switch kind {
        case .tooLong: ServiceError(.deadlineExceeded, message)
        case .memory: ServiceError(.resourceExhausted, "\(index): \(message)")
        case .damaged, .io, .locked, .aborted: ServiceError(.unavailable, "\(index): \(message)")
        case .failed: ServiceError(.internal, "\(index): \(message)")
        }
    }
}
