internal import CPluginABI

/// The host's side of one request in flight.
///
/// A plugin holds the address of `view`, which is the slot's own address; the host finds the rest behind it. Slots are
/// never freed while the process runs: a plugin that speaks of a request it has ended already meets a slot that says so.
@safe struct RequestSlot {
    /// What the plugin sees. Must stay the first member.
    var view = unsafe articled_request()

    var phase = Phase.free
    /// The client has sent its last message, and whether the plugin was told.
    var clientEnded = false
    var endDelivered = false
    /// `send` answered BLOCKED and `writable` is owed.
    var isBlocked = false

    var stream: UInt32 = 0
    var route: Int = 0
    /// When its frame arrived: CLOCK_MONOTONIC, nanoseconds.
    var started: UInt64 = 0
    /// When it was its turn, and when its plugin's handler returned without an answer; 0 before that.
    var dispatched: UInt64 = 0
    var returned: UInt64 = 0

    /// Retained from `inFlight` on until the plugin has ended the request.
    var session: Unmanaged<Session>?

    var events: UnsafePointer<articled_events>?
    var eventContext: UnsafeMutableRawPointer?
    /// Messages that came before the plugin said where to.
    var backlog: [[UInt8]] = []

    /// Bytes that may still be sent to the client; below zero by one message at most.
    var sendCredit: Int64 = 0
    /// Bytes that the client may still send.
    var receiveCredit: Int64 = 0
    /// Bytes that the plugin is done with and that the client was not told of yet.
    var consumed: Int64 = 0

    /// Neighbours in the list of requests in flight, or the next free slot.
    var next: UnsafeMutablePointer<RequestSlot>?
    var previous: UnsafeMutablePointer<RequestSlot>?

    enum Phase: UInt8 {
        /// Not in use: ended, or never begun.
        case free
        /// Inside the plugin's `handle`; most requests never leave it but to be ended.
        case handling
        /// `handle` has returned; the answer will come.
        case inFlight
        /// The client has had its last frame (cancelled, expired, or the connection is gone); the plugin has not ended it yet.
        case abandoned
    }
}

/// A request in flight, by its slot's address.
typealias RequestPointer = UnsafeMutablePointer<RequestSlot>

/// The request slots of one loop, and which of them are in flight. Used by the loop's thread alone.
@safe final class RequestPool {
    private static let chunk = 64

    // Slots are given out in the order in which they came back, so a slot that was ended rests for as long as possible:
    // a plugin that answers twice is found out, and does not answer somebody else's request.
    private var firstFree: RequestPointer?
    private var lastFree: RequestPointer?
    private var firstInFlight: RequestPointer?

    /// The earliest deadline of a request in flight, or earlier: it may be that of one which has ended since.
    private(set) var earliestDeadline: UInt64?
    /// Slots in use, abandoned ones too.
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
        // One slot always stays free, so that the last one rests too.
        if unsafe firstFree == lastFree { grow() }
        let slot = unsafe firstFree.unsafelyUnwrapped
        unsafe firstFree = slot.pointee.next
        unsafe slot.pointee.next = nil
        inUse += 1
        return unsafe slot
    }

    /// The request is over.
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

    /// The request waits for its answer: its deadline counts.
    func enlist(_ slot: RequestPointer) {
        unsafe slot.pointee.next = firstInFlight
        unsafe slot.pointee.previous = nil
        unsafe firstInFlight?.pointee.previous = slot
        unsafe firstInFlight = slot
        let deadline = unsafe slot.pointee.view.deadline
        if deadline < earliestDeadline ?? .max { earliestDeadline = deadline }
    }

    /// It waits no more.
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
        // A plugin that is told of one may end others: those are skipped.
        for index in unsafe expired.indices {
            let current = unsafe expired[index]
            if unsafe current.pointee.phase == .inFlight { unsafe body(current) }
        }
    }
}
