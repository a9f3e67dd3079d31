// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer
internal import LinuxRuntime

/// Notifies the service manager's watchdog while all loops turn.
struct WatchdogNotifier {
    /// In nanoseconds; nil if there is no watchdog.
    let watchdog: UInt64?
    private var last: UInt64 = 0
    private var isSilent = false

    init(watchdog: UInt64?) { self.watchdog = watchdog }

    /// When the next beat is due.
    func next(_ now: UInt64) -> UInt64 { watchdog.map { now &+ $0 / 4 } ?? .max }

    /// Sends a beat if it is due and no loop is stuck.
    mutating func beat(_ server: Server, _ now: UInt64) {
        guard let watchdog, now >= last &+ watchdog / 8 else { return }
        let oldest = server.oldestBeat
        guard now < oldest &+ watchdog / 2 else {
            if !isSilent {
                let time = TimeText.of(nanoseconds: now > oldest ? now - oldest : 0)
                let loopBlockers = server.loopBlockers
                let what = loopBlockers.isEmpty ? "" : ": " + loopBlockers.map(\.sentence).joined(separator: ", ")
                Log.error(
                    "an event loop is stuck for \(time)\(what); the watchdog is no longer notified",
                    loopBlockers.first?.fields ?? [:])
            }
            isSilent = true
            return
        }
        isSilent = false
        last = now
        Systemd.beat()
    }
}

/// How long nobody has been connected.
struct IdleTimer {
    private var since: UInt64
    private var answered: UInt64

    init(_ server: Server) {
        since = MonotonicClock.now
        answered = server.requestsEnded
    }

    /// How long there was no client. A connection that came and went between two checks shows in the number of
    /// requests.
    mutating func duration(_ server: Server, _ now: UInt64) -> UInt64 {
        let ended = server.requestsEnded
        if server.connectionCount > 0 || ended != answered { since = now }
        answered = ended
        return now > since ? now - since : 0
    }

    /// When to check again: often enough to stop soon after the limit.
    func next(_ now: UInt64, limit: UInt64) -> UInt64 { now &+ min(max(limit / 8, 20_000_000), 5_000_000_000) }
}
