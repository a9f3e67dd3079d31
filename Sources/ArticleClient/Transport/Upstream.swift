// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

/// What the client knows about one endpoint: the connection to it, and when to try again if there is none. Only the I/O
/// thread uses it.
final class Upstream {
    /// The place in the client's list of endpoints.
    let index: Int
    let endpoint: Endpoint
    /// The connection for new calls, open or being opened.
    var current: ClientConnection?
    private var backoff: Backoff
    /// The earliest time of the next attempt to connect.
    private(set) var nextConnectTime: UInt64 = 0

    /// The addresses that the current attempt to connect has not tried yet, and when it began and must have succeeded.
    var candidates: [SocketAddress] = []
    private(set) var attemptStart: UInt64 = 0
    private(set) var connectDeadline: UInt64 = 0
    /// The thread that resolves the host name.
    var resolution = Resolution.none
    /// The address that last spoke articled's protocol. It is tried first.
    private var goodAddress: SocketAddress?

    /// Why the last attempt to connect failed; `nil` after one that succeeded.
    private(set) var lastFailure: ClientError?
    private(set) var failedAt: UInt64 = 0
    /// The methods that the service last announced; `nil`: there was no connection yet.
    private(set) var methods: Set<String>?

    /// It refused a call: until then, others get the calls.
    private var restEnd: UInt64 = 0
    private var rest: Backoff
    /// Its last connection fell silent. It may say HELLO on the next one and be silent again, so it must show more.
    var mustProve = false

    enum Resolution {
        case none
        case running
        /// It took too long. Nobody waits for its result.
        case abandoned
    }

    init(index: Int, endpoint: Endpoint, options: ClientOptions) {
        self.index = index
        self.endpoint = endpoint
        backoff = Backoff(shortest: options.minBackoff, longest: options.maxBackoff)
        rest = Backoff(shortest: options.minBackoff, longest: options.maxBackoff)
    }

    /// Calls may be sent.
    var isOpen: Bool { current?.state.phase == .open }

    /// An attempt to connect is under way.
    var isConnecting: Bool { resolution == .running || current?.state.phase == .handshake }

    /// Neither a connection, nor an attempt to make one.
    var isIdle: Bool { current == nil && resolution != .running }

    // MARK: Connecting

    func beginAttempt(_ now: UInt64, deadline: UInt64) {
        attemptStart = now
        connectDeadline = deadline
    }

    func resolved(_ addresses: [SocketAddress]) {
        candidates = addresses
        guard let goodAddress, let place = candidates.firstIndex(where: goodAddress.isSame) else { return }
        candidates.swapAt(0, place)
    }

    /// When the next of `candidates` must have shaken hands. Each gets its share of the time, so that a dead address
    /// leaves some for the others.
    func handshakeDeadline(_ now: UInt64) -> UInt64 {
        guard connectDeadline != .max, connectDeadline > now else { return connectDeadline }
        return now + (connectDeadline - now) / UInt64(candidates.count + 1)
    }

    func connected(_ hello: ServerHello, at address: SocketAddress) {
        candidates = []
        goodAddress = address
        lastFailure = nil
        methods = Set(hello.methods.map(\.name))
    }

    /// No connection was made.
    func connectingFailed(_ error: ClientError, _ now: UInt64, using random: inout some RandomNumberGenerator) {
        candidates = []
        lastFailure = error
        failedAt = now
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

    // MARK: Choosing

    /// It is open, but has just refused a call, or is or was silent for long.
    func isSuspect(_ now: UInt64) -> Bool { restEnd > now || current?.pingSent == true || mustProve }

    /// It refused a call. An endpoint that fails fast would otherwise always have the fewest calls in flight.
    func refused(_ now: UInt64, using random: inout some RandomNumberGenerator) {
        guard restEnd <= now else { return }
        restEnd = now + rest.failed(using: &random)
    }

    /// A message arrived in response to a call.
    func delivered() {
        guard rest.failures > 0 else { return }
        rest.succeeded()
        restEnd = 0
    }
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
