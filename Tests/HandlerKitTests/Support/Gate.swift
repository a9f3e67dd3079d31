// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Something that a handler waits for and a test allows, in either order. Ignores cancellation.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    private static let all = Mutex<[String: Gate]>([:])

    static func named(_ name: String) -> Gate {
        all.withLock { all in
            let gate = all[name] ?? Gate()
            all[name] = gate
            return gate
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func passed() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
