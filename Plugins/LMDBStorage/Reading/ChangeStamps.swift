internal import ArticleProtocol
internal import Synchronization

/// When records were last changed or taken away: the number of the transaction, for each group of ids that share a hash.
///
/// The committer notes a change before it commits, so whoever sees the change in the file finds it here too. A record
/// that is merely added changes nothing that was there. Too late a number, because ids share it or a transaction was
/// given up, costs a reader a look into the tree and nothing else.
@safe final class ChangeStamps: @unchecked Sendable {  // the memory is fixed in `init`, its members are atomic
    private static let groups = 1 << 14

    private let stamps: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init() {
        unsafe stamps = .allocate(capacity: Self.groups)
        for group in 0..<Self.groups { unsafe stamps.initializeElement(at: group, to: Atomic(0)) }
    }

    deinit { unsafe stamps.deinitialize().deallocate() }

    /// The transaction changes, or takes away, the record with this id.
    func note(_ id: ArticleID, in transaction: UInt64) {
        unsafe stamps[Self.group(of: id)].store(transaction, ordering: .releasing)
    }

    /// The last transaction that may have changed the record with this id.
    func last(_ id: ArticleID) -> UInt64 { unsafe stamps[Self.group(of: id)].load(ordering: .acquiring) }

    private static func group(of id: ArticleID) -> Int { Int(truncatingIfNeeded: id.low) & (groups - 1) }
}
