internal import Synchronization

/// Whose code a loop's thread is in, and since when: written by that thread, read by whoever looks for loops that are
/// stuck.
struct Activity: ~Copyable {
    /// What the loop had been doing when something else began within it.
    struct Before {
        fileprivate let word: UInt64
        fileprivate let function: UInt
    }

    /// What runs on a loop.
    enum Work: Equatable {
        /// A handler, or what a plugin does when something happens to one of its requests: by the method's index.
        case method(Int)
        /// A job that somebody has scheduled: by the function's address.
        case job(UInt)
    }

    // The time in nanoseconds, but for the low 16 bits, which say what runs: one word, so that a reader never takes the
    // time of one for that of another.
    private let word = Atomic<UInt64>(0)
    private let function = Atomic<UInt>(0)

    private static let low: UInt64 = 0xffff
    private static let job: UInt64 = 0xffff

    /// The loop's thread: the plugin of this method has it now.
    @inline(__always)
    func enter(method route: Int, at now: UInt64) -> Before {
        // Routes are fewer than 2^16, as a method's number has 16 bits.
        enter(now & ~Self.low | UInt64(truncatingIfNeeded: route &+ 1) & Self.low, function.load(ordering: .relaxed))
    }

    /// The loop's thread: a job has it now.
    @inline(__always)
    func enter(job address: UInt, at now: UInt64) -> Before { enter(now & ~Self.low | Self.job, address) }

    private func enter(_ new: UInt64, _ address: UInt) -> Before {
        let before = Before(word: word.load(ordering: .relaxed), function: function.load(ordering: .relaxed))
        function.store(address, ordering: .relaxed)
        word.store(new, ordering: .releasing)
        return before
    }

    /// The loop's thread: that has returned.
    @inline(__always)
    func leave(_ before: Before) {
        function.store(before.function, ordering: .relaxed)
        word.store(before.word, ordering: .releasing)
    }

    /// Any thread: what runs, and since when; nil if the loop is about its own affairs, or waits.
    var current: (work: Work, since: UInt64)? {
        let word = word.load(ordering: .acquiring)
        let since = word & ~Self.low
        switch word & Self.low {
        case 0: return nil
        case Self.job: return (.job(function.load(ordering: .relaxed)), since)
        case let number: return (.method(Int(number) - 1), since)
        }
    }
}
