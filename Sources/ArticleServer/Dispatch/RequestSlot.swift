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
