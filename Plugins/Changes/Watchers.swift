// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// The watchers of the service: bounded in number, and ended together when the service stops.
final class Watchers: Sendable {
    private struct State {
        var limit: Int
        var calls: [UInt64: Call] = [:]
        var entered: UInt64 = 0
        var isStopping = false
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(limit: limit)) }

    /// Admits a watcher.
    ///
    /// - Returns: what `leave` needs.
    func enter(_ call: Call) throws(ServiceError) -> UInt64 {
        try state.withLock { state throws(ServiceError) in
            if state.isStopping { throw .stopping }
            guard state.calls.count < state.limit else {
                throw ServiceError(
                    .resourceExhausted,
                    "\(state.calls.count) watchers are connected, as many as are allowed: try again later, or raise "
                        + "maxWatchers in the section \"changes\" of the configuration")
            }
            state.entered += 1
            state.calls[state.entered] = call
            return state.entered
        }
    }

    /// A watcher has ended.
    func leave(_ place: UInt64) { _ = state.withLock { $0.calls.removeValue(forKey: place) } }

    func setLimit(_ limit: Int) { state.withLock { $0.limit = limit } }

    /// Ends all watchers, and admits no more.
    func stop() {
        let calls = state.withLock { state in
            state.isStopping = true
            return Array(state.calls.values)
        }
        for call in calls { call.cancel(.stopping) }
    }
}

extension ServiceError {
    /// The end of every stream when the service stops or restarts.
    fileprivate static var stopping: ServiceError {
        ServiceError(.unavailable, "the service is stopping: connect again and send the last cursor")
    }
}
