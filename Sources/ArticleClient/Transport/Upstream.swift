// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime

/// What the client knows about one endpoint: the connection to it, and when to try again if there is none. Only the I/O
/// thread uses it.
final class Upstream {
    let endpoint: Endpoint
    /// The connection for new calls, open or being opened.
    var current: ClientConnection?
    private var backoff: Backoff
    /// The earliest time of the next attempt to connect.
    private(set) var nextConnectTime: UInt64 = 0
    /// The addresses that the current attempt to connect has not tried yet, and its deadline.
    var candidates: [SocketAddress] = []
    var connectDeadline: UInt64 = 0
    /// Why the last attempt to connect failed; `nil` after one that succeeded.
    var lastFailure: ClientError?

    init(endpoint: Endpoint, options: ClientOptions) {
        self.endpoint = endpoint
        backoff = Backoff(shortest: options.minBackoff, longest: options.maxBackoff)
    }

    /// Calls may be sent.
    var isOpen: Bool { current?.state.phase == .open }

    /// No connection was made.
    func connectingFailed(_ error: ClientError, _ now: UInt64, using random: inout some RandomNumberGenerator) {
        candidates = []
        lastFailure = error
        pause(now, using: &random)
    }

    /// The open connection takes no more calls. One that has answered is replaced at once.
    func connectionEnded(
        _ connection: ClientConnection, _ now: UInt64, using random: inout some RandomNumberGenerator
    ) {
        if connection.hasAnswered { nextConnectTime = 0 } else { pause(now, using: &random) }
    }

    /// Waits before the next attempt, longer each time.
    func pause(_ now: UInt64, using random: inout some RandomNumberGenerator) {
        nextConnectTime = now + backoff.failed(using: &random)
    }

    /// A connection has answered its first call.
    func answered() { backoff.succeeded() }
}

/// The pauses between attempts to connect. There is none before the first; then each is twice as long as the one
/// before. Each pause is shortened at random by up to a half.
struct Backoff {
    private let shortest: UInt64
    private let longest: UInt64
    private(set) var failures = 0

    init(shortest: Duration, longest: Duration) {
        self.shortest = max(1, shortest.nanoseconds)
        self.longest = max(self.shortest, longest.nanoseconds)
    }

    /// Records that an attempt failed, or that a connection was lost before it answered a call. Returns the pause in
    /// nanoseconds.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let doublings = min(failures, 32)
        failures += 1
        let (product, overflow) = shortest.multipliedReportingOverflow(by: UInt64(1) << UInt64(doublings))
        let pause = overflow ? longest : min(product, longest)
        return pause - UInt64.random(in: 0...pause / 2, using: &generator)
    }

    /// Records that a connection has answered a call.
    mutating func succeeded() { failures = 0 }
}
