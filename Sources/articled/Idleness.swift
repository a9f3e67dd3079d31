internal import ArticleServer
internal import LinuxRuntime

/// Since when nobody is connected.
struct Idleness {
    private var since: UInt64
    private var answered: UInt64

    init(_ server: Server) {
        since = MonotonicClock.now
        answered = server.requestsEnded
    }

    /// How long nobody was seen. A connection that came and went between two looks shows in its requests.
    mutating func duration(_ server: Server, _ now: UInt64) -> UInt64 {
        let ended = server.requestsEnded
        if server.connectionCount > 0 || ended != answered { since = now }
        answered = ended
        return now > since ? now - since : 0
    }

    /// When to look again: often enough to end not much later than the limit says.
    func next(_ now: UInt64, limit: UInt64) -> UInt64 { now &+ min(max(limit / 8, 20_000_000), 5_000_000_000) }
}
