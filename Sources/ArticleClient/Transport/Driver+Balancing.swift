// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import LinuxRuntime

// Which endpoints to connect to, and which one gets a call.
extension Driver {
    /// How long an endpoint may take to connect before the next one in the order is connected as well.
    private static let headStart: UInt64 = 250_000_000

    /// How long an idle connection to a later endpoint is kept.
    private static let standbyTime: UInt64 = 10_000_000_000

    /// There is another endpoint to turn to.
    var hasAlternatives: Bool { upstreams.count > 1 }

    /// Places waiting calls on the connections while they have room, and opens connections where there are none.
    ///
    /// Only calls cause attempts to connect. A client that makes no calls leaves its services alone: they may be waiting
    /// to exit when idle.
    func placeWaiting() {
        guard !waiting.isEmpty else { return }
        connect(toAll: earliestStranded != .max)
        var kept: [Exchange] = []
        var next = waiting.startIndex
        earliestStranded = .max
        while next < waiting.endIndex, upstreams.contains(where: { hasRoom($0) }) {
            let exchange = waiting[next]
            next += 1
            guard !exchange.hasEnded else { continue }  // cancelled while it waited
            if exchange.placement.retryTime > now {
                kept.append(exchange)
                continue
            }
            switch choose(exchange) {
            case .connection(let connection): place(exchange, on: connection)
            case .full: kept.append(exchange)
            case .stranded:
                kept.append(exchange)
                earliestStranded = min(earliestStranded, reconnectDeadline(exchange))
            case .none(let error): end(exchange, .failure(error))
            }
        }
        earliestRetry = kept.reduce(.max) { min($0, $1.placement.retryTime > now ? $1.placement.retryTime : .max) }
        guard next > 0 else { return }
        waiting.replaceSubrange(..<next, with: kept)
        if earliestStranded != .max { connect(toAll: true) }
    }

    private func hasRoom(_ upstream: Upstream) -> Bool {
        guard let connection = upstream.current else { return false }
        return connection.state.hasRoom && connection.output.count < options.maxOutgoingBytes
    }

    // MARK: Connecting

    /// Opens the connections that are missing, as soon as their pauses allow.
    ///
    /// - Parameter toAll: connect to later endpoints as well, whatever the order of preference.
    private func connect(toAll: Bool) {
        for upstream in upstreams {
            if let connection = upstream.current, connection.isStale(now) {
                drop(connection)
                connect(upstream)
            } else if upstream.isIdle, now >= upstream.nextConnectTime {
                connect(upstream)
            }
            if !toAll, suffices(upstream) { return closeStandby(after: upstream) }
        }
    }

    /// Closes idle connections to later endpoints, some time after they were last needed. Their services may be waiting to
    /// exit when idle.
    private func closeStandby(after upstream: Upstream) {
        guard upstream.isOpen else { return }
        for later in upstreams[(upstream.index + 1)...] {
            guard let connection = later.current, later.isOpen, connection.isIdle,
                MonotonicClock.elapsed(from: connection.lastReceived, to: now) > Self.standbyTime
            else { continue }
            drop(connection)
        }
    }

    /// Whether the endpoints after this one are not needed at present.
    private func suffices(_ upstream: Upstream) -> Bool {
        guard options.loadBalancing == .priority else { return false }
        return upstream.isOpen && !upstream.isSuspect(now)
            || upstream.isConnecting && !upstream.mustProve && now < upstream.attemptStart + Self.headStart
    }

    /// When to connect next, while calls wait.
    var nextAttempt: UInt64 {
        var next = UInt64.max
        for upstream in upstreams {
            if upstream.isIdle { next = min(next, upstream.nextConnectTime) }
            guard earliestStranded == .max, suffices(upstream) else { continue }
            if !upstream.isOpen { next = min(next, upstream.attemptStart + Self.headStart) }
            break
        }
        return next
    }

    // MARK: Choosing

    private enum Choice {
        case connection(ClientConnection)
        /// Those that can serve it have no room at present.
        case full
        /// None that can serve it is connected. One that is not may be able to.
        case stranded
        /// No endpoint can serve it.
        case none(ClientError)
    }

    private func choose(_ exchange: Exchange) -> Choice {
        guard hasAlternatives else { return upstreams[0].current.map { .connection($0) } ?? .stranded }
        var best: (connection: ClientConnection, rank: (Int, Int))?
        var serves = false
        for offset in upstreams.indices {
            let index = (firstChoice + offset) % upstreams.count
            let upstream = upstreams[index]
            guard upstream.isOpen, let connection = upstream.current, mayUse(upstream, exchange),
                connection.methods[exchange.method] != nil
            else { continue }
            // There may soon be a better one.
            if upstream.mustProve, upstreams.contains(where: \.isConnecting) { continue }
            serves = true
            guard options.loadBalancing == .priority || hasRoom(upstream) else { continue }
            let refused = exchange.placement.refusals & upstream.bit != 0
            let penalty = refused ? 2 : upstream.isSuspect(now) ? 1 : 0
            let rank = (penalty, options.loadBalancing == .priority ? index : connection.state.inFlight)
            if let best, best.rank <= rank { continue }
            best = (connection, rank)
        }
        guard let best else { return serves ? .full : unserved(exchange) }
        guard hasRoom(best.connection.upstream) else { return .full }
        // Among equals, one after the other.
        firstChoice = (best.connection.upstream.index + 1) % upstreams.count
        return .connection(best.connection)
    }

    private func mayUse(_ upstream: Upstream, _ exchange: Exchange) -> Bool {
        exchange.allowed & upstream.bit != 0
    }

    /// No open connection can serve the call.
    private func unserved(_ exchange: Exchange) -> Choice {
        let hopes = upstreams.contains { upstream in
            guard !upstream.isOpen, mayUse(upstream, exchange) else { return false }
            if upstream.isConnecting { return true }
            if let methods = upstream.methods { return methods.contains(exchange.method) }
            return upstream.failedAt < exchange.placement.waitingSince  // it was not tried since the call came
        }
        return hopes ? .stranded : .none(unknown(exchange.method))
    }

    /// Whether an open connection to another endpoint may serve the call, which this endpoint has refused.
    func hasAlternative(_ exchange: Exchange, after upstream: Upstream) -> Bool {
        guard hasAlternatives else { return false }
        let left = exchange.allowed & ~(exchange.placement.refusals | upstream.bit)
        return upstreams.contains {
            $0.isOpen && left & $0.bit != 0 && $0.current?.methods[exchange.method] != nil
        }
    }

    private func unknown(_ method: String) -> ClientError {
        let tables = upstreams.map { upstream in
            if let connection = upstream.current, upstream.isOpen {
                return "\(upstream.endpoint) has: \(connection.methods.keys.sorted().joined(separator: ", "))"
            }
            return "\(upstream.endpoint) cannot be reached: \(upstream.lastFailure?.message ?? "no connection")"
        }
        return ClientError(
            .status, .unimplemented,
            "\(method): no service has such a method. Is the plugin that offers it installed? "
                + tables.joined(separator: "; "))
    }
}

extension Upstream {
    /// For sets of endpoints. A client has at most ``Endpoint/maxCount`` endpoints.
    var bit: UInt64 { 1 << UInt64(index) }
}

// Waiting for a connection, and giving up.
extension Driver {
    /// No connection was made. Calls fail if waiting cannot help them; the others wait for the next attempt.
    func connectingFailed(_ upstream: Upstream, _ error: ClientError) {
        upstream.connectingFailed(error, now, using: &random)
        guard upstreams.allSatisfy({ !$0.isOpen && !$0.isConnecting }) else { return }
        let impatient = !hasConnected && !options.waitsForService
        let hopeless = upstreams.allSatisfy { $0.lastFailure.map { $0.kind != .connection } ?? false }
        guard impatient || hopeless else { return }
        // Every endpoint was tried since these calls came.
        let triedAt = upstreams.reduce(.max) { min($0, $1.failedAt) }
        fail(unreachable) { $0.placement.waitingSince <= triedAt }
    }

    /// When a call that waits for a connection fails.
    func reconnectDeadline(_ exchange: Exchange) -> UInt64 {
        // While another endpoint is connected, it is the call that has none.
        let since = max(exchange.placement.waitingSince, hasOpenConnection ? 0 : withoutConnectionSince)
        let (sum, overflow) = since.addingReportingOverflow(options.reconnectTimeout.nanoseconds)
        return overflow ? .max : sum
    }

    var hasOpenConnection: Bool { upstreams.contains(where: \.isOpen) }

    func failOverdueCalls() {
        if hasOpenConnection {
            guard earliestStranded <= now else { return }
            earliestStranded = .max
            fail(unreachable) { exchange in
                guard exchange.placement.retryTime <= now, reconnectDeadline(exchange) <= now else { return false }
                if case .stranded = choose(exchange) { return true }
                return false
            }
        } else if let first = waiting.first, reconnectDeadline(first) <= now {
            fail(unreachable) { reconnectDeadline($0) <= now }
        }
    }

    private func fail(_ error: ClientError, _ isOver: (Exchange) -> Bool) {
        let (over, kept) = (waiting.filter(isOver), waiting.filter { !isOver($0) })
        waiting = kept
        for exchange in over { end(exchange, .failure(error)) }
    }

    /// Why there is no connection.
    var unreachable: ClientError {
        let failures = upstreams.filter { !$0.isOpen }.map { upstream in
            upstream.lastFailure
                ?? .connection("no connection to \(upstream.endpoint) within \(options.reconnectTimeout)")
        }
        guard let first = failures.first else { return .connection("no connection") }
        guard failures.count > 1 else { return first }
        let reasons = zip(upstreams.filter { !$0.isOpen }, failures).map { "\($0.endpoint): \($1.message)" }
        return ClientError(
            failures.allSatisfy { $0.kind == first.kind } ? first.kind : .connection,
            failures.allSatisfy { $0.status == first.status } ? first.status : .unavailable,
            (hasOpenConnection ? "no endpoint that may serve this" : "none of the \(failures.count) endpoints")
                + " can be reached: " + reasons.joined(separator: "; "))
    }
}
