internal import CPluginABI

extension RequestHandle {
    /// What became of a message.
    enum Sent {
        case sent
        /// No credit; `writable` will tell.
        case blocked
        /// Nobody is there to receive it.
        case gone
        /// Larger than the peer's frame limit.
        case tooLarge

        /// An answer that this header does not know means that nothing more is to be had of the request.
        init(_ code: UInt32) {
            switch Int(code) {
            case ARTICLED_SENT: self = .sent
            case ARTICLED_BLOCKED: self = .blocked
            case ARTICLED_TOO_LARGE: self = .tooLarge
            default: self = .gone
            }
        }
    }
}
