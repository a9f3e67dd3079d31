// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI

/// The host's side of one request in flight.
///
/// A plugin holds the address of `view`, which is also the slot's address. Slots are never freed while the process
/// runs: a plugin that refers to a request that it has already ended finds a slot that says so.
@safe struct RequestSlot {
    /// What the plugin sees. It must be the first member.
    var view = unsafe articled_request()

    var phase = Phase.free
    /// Whether the client has sent its last message, and whether the plugin was told.
    var clientEnded = false
    var endDelivered = false
    /// `send` answered BLOCKED and `writable` is owed.
    var isBlocked = false
    /// It answers a call of a plugin, or calls were made for it.
    var involvesCalls = false

    var stream: UInt32 = 0
    var route: Int = 0
    /// When its frame arrived: CLOCK_MONOTONIC, nanoseconds.
    var started: UInt64 = 0
    /// When it was given to its plugin, and when the handler returned without an answer; 0 before that.
    var dispatched: UInt64 = 0
    var returned: UInt64 = 0

    /// Retained from `inFlight` until the plugin has ended the request.
    var session: Unmanaged<Session>?

    /// The call that it answers; retained. nil for a client's request.
    var call: Unmanaged<PluginCall>?

    var events: UnsafePointer<articled_events>?
    var eventContext: UnsafeMutableRawPointer?
    /// Messages that came before the plugin called `watch`.
    var backlog: [[UInt8]] = []

    /// Bytes that may still be sent to the client. At most one message below zero.
    var sendCredit: Int64 = 0
    /// Bytes that the client may still send.
    var receiveCredit: Int64 = 0
    /// Bytes that the plugin has consumed and that were not granted to the client again yet.
    var consumed: Int64 = 0

    /// Neighbours in the list of requests in flight, or the next free slot.
    var next: UnsafeMutablePointer<RequestSlot>?
    var previous: UnsafeMutablePointer<RequestSlot>?

    enum Phase: UInt8 {
        /// Not in use.
        case free
        /// Inside the plugin's `handle`. Most requests end there.
        case handling
        /// `handle` has returned without an answer.
        case inFlight
        /// The client waits no longer: it cancelled, the deadline passed, or the connection is closed. The plugin has
        /// not ended the request yet.
        case abandoned
    }
}

/// A request in flight, by its slot's address.
typealias RequestPointer = UnsafeMutablePointer<RequestSlot>

/// The request slots of one loop, and which of them are in flight. For the loop's thread only.
@safe final class RequestPool {
    private static let chunk = 64

    // Slots are reused in the order in which they were returned, so a slot stays unused for as long as possible. A
    // plugin that answers twice is then detected, and does not answer another request.
    private var firstFree: RequestPointer?
    private var lastFree: RequestPointer?
    private var firstInFlight: RequestPointer?

    /// No deadline of a request in flight is earlier. It may be the deadline of a request that has ended.
    private(set) var earliestDeadline: UInt64?
    /// Slots in use, including abandoned requests.
    private(set) var inUse = 0

    init() { grow() }

    private func grow() {
        let slots = RequestPointer.allocate(capacity: Self.chunk)
        for index in 0..<Self.chunk {
            unsafe (slots + index).initialize(to: RequestSlot())
            unsafe putBack(slots + index)
        }
    }

    func take() -> RequestPointer {
        // One slot always stays free, so that the last one is not reused at once.
        if unsafe firstFree == lastFree { grow() }
        let slot = unsafe firstFree.unsafelyUnwrapped
        unsafe firstFree = slot.pointee.next
        unsafe slot.pointee.next = nil
        inUse += 1
        return unsafe slot
    }

    /// Returns a slot whose request has ended.
    func give(_ slot: RequestPointer) {
        inUse -= 1
        unsafe slot.pointee.phase = .free
        unsafe slot.pointee.events = nil
        if unsafe !slot.pointee.backlog.isEmpty { unsafe slot.pointee.backlog = [] }
        unsafe putBack(slot)
    }

    private func putBack(_ slot: RequestPointer) {
        unsafe slot.pointee.next = nil
        if let last = unsafe lastFree { unsafe last.pointee.next = slot } else { unsafe firstFree = slot }
        unsafe lastFree = slot
    }

    /// Adds a request that waits for its answer; its deadline counts.
    func enlist(_ slot: RequestPointer) {
        unsafe slot.pointee.next = firstInFlight
        unsafe slot.pointee.previous = nil
        unsafe firstInFlight?.pointee.previous = slot
        unsafe firstInFlight = slot
        let deadline = unsafe slot.pointee.view.deadline
        if deadline < earliestDeadline ?? .max { earliestDeadline = deadline }
    }

    /// Removes a request that no longer waits.
    func delist(_ slot: RequestPointer) {
        let next = unsafe slot.pointee.next
        let previous = unsafe slot.pointee.previous
        unsafe next?.pointee.previous = previous
        if let previous = unsafe previous { unsafe previous.pointee.next = next } else { unsafe firstInFlight = next }
        unsafe slot.pointee.next = nil
        unsafe slot.pointee.previous = nil
        if unsafe firstInFlight == nil { earliestDeadline = nil }
    }

    /// Calls `body` for each request in flight whose deadline has passed. `body` may end it, and no other.
    func forEachExpired(at now: UInt64, _ body: (RequestPointer) -> Void) {
        guard let earliest = earliestDeadline, now >= earliest else { return }
        var next: UInt64?
        var slot = unsafe firstInFlight
        var expired: [RequestPointer] = unsafe []
        while let current = unsafe slot {
            unsafe slot = current.pointee.next
            let deadline = unsafe current.pointee.view.deadline
            if deadline <= now { unsafe expired.append(current) } else { next = min(next ?? .max, deadline) }
        }
        earliestDeadline = next
        // The plugin of one may end others: those are skipped.
        for index in unsafe expired.indices {
            let current = unsafe expired[index]
            if unsafe current.pointee.phase == .inFlight && current.pointee.view.deadline <= now {
                unsafe body(current)
            }
        }
    }
}
