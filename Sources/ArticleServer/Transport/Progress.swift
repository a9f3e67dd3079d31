/// Whether a peer goes on with something that memory is held for: a frame that it has begun to send, or answers that it
/// is to read.
///
/// It reads no clock, and holds no time-out, which a reload may change.
struct Progress {
    /// When it last went on; nil: nothing is awaited of it.
    private(set) var since: UInt64?
    private var bytes = 0

    /// Something is awaited from now on, if nothing was before.
    @inline(__always)
    mutating func expect(at now: UInt64) {
        if since == nil { restart(at: now) }
    }

    /// The peer went on by so many bytes, of which `enough` count as progress.
    mutating func advance(by count: Int, enough: Int, at now: UInt64) {
        guard since != nil else { return }
        bytes += count  // what one socket brings or takes in the time-out: far below 2^63
        if bytes >= enough { restart(at: now) }
    }

    /// Nothing is awaited any more.
    @inline(__always)
    mutating func end() { since = nil }

    /// When it is too late, with this time-out; nil: never.
    func end(within limit: UInt64) -> UInt64? {
        guard let since, limit > 0 else { return nil }
        return since &+ limit  // 584 years after the machine's start it wraps
    }

    private mutating func restart(at now: UInt64) {
        since = now
        bytes = 0
    }
}
