internal import ArticleServer
internal import LinuxRuntime

/// The watchdog of the service manager, which hears of us only as long as all loops turn.
struct Watch {
    /// nil if nobody watches.
    let watchdog: UInt64?
    private var last: UInt64 = 0
    private var isSilent = false

    init(watchdog: UInt64?) { self.watchdog = watchdog }

    /// When the next beat is due.
    func next(_ now: UInt64) -> UInt64 { watchdog.map { now &+ $0 / 4 } ?? .max }

    /// Passes a beat on, if it is time and no loop is stuck.
    mutating func beat(_ server: Server, _ now: UInt64) {
        guard let watchdog, now >= last &+ watchdog / 8 else { return }
        let oldest = server.oldestBeat
        guard now < oldest &+ watchdog / 2 else {
            if !isSilent {
                let time = TimeText.of(nanoseconds: now > oldest ? now - oldest : 0)
                let occupations = server.occupations
                let what = occupations.isEmpty ? "" : ": " + occupations.map(\.sentence).joined(separator: ", ")
                Log.error(
                    "an event loop is stuck for \(time)\(what); the service manager hears no more of us",
                    occupations.first?.fields ?? [:])
            }
            isSilent = true
            return
        }
        isSilent = false
        last = now
        Systemd.beat()
    }
}

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
