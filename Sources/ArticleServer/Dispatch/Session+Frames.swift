internal import ArticleProtocol

/// How a session understands bytes: frame by frame, each checked before it is acted on.
extension Session {
    /// What came of some bytes.
    struct Step {
        enum Outcome {
            /// All whole frames are understood.
            case incomplete
            /// There may be more, but enough has gathered to be written.
            case full
            /// The connection is over.
            case over
        }
        let used: Int
        let outcome: Outcome
    }

    /// How many bytes are missing until the first frame in `bytes` is whole, 0 if that cannot be told yet.
    func missing(in bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else { return 0 }
        let header = unsafe FrameHeader(decoding: base)
        return max(0, FrameHeader.size + Int(header.payloadLength) - bytes.count)
    }

    /// Tells its plugin of the first request in bytes that will be understood soon.
    func announceFirst(in bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else { return }
        let header = unsafe FrameHeader(decoding: base)
        let length = Int(header.payloadLength)
        guard bytes.count - FrameHeader.size >= length else { return }
        unsafe announce(header, UnsafeRawBufferPointer(start: base + FrameHeader.size, count: length))
    }

    /// Understands the whole frames in `bytes`. A frame that is answered has to wait while `limit` bytes or more are still
    /// to be written; credit never has to, because what waits to be written may be all that keeps the peer from reading.
    func understand(_ bytes: UnsafeRawBufferPointer, until limit: Int) -> Step {
        var used = 0
        var outlook = Outlook()
        guard let base = bytes.baseAddress else { return Step(used: 0, outcome: .incomplete) }
        while phase != .over, phase != .closed {
            let left = bytes.count - used
            guard left >= FrameHeader.size else { return Step(used: used, outcome: .incomplete) }
            let header = unsafe FrameHeader(decoding: base + used)
            if outgoing.count >= limit, header.kind.isAnswered { return Step(used: used, outcome: .full) }
            let length = Int(header.payloadLength)
            guard accepts(header) else { break }
            guard left - FrameHeader.size >= length else { return Step(used: used, outcome: .incomplete) }
            let payload = unsafe UnsafeRawBufferPointer(start: base + used + FrameHeader.size, count: length)
            used += FrameHeader.size + length
            unsafe outlook.move(to: used, in: bytes) { unsafe announce($0, $1) }
            guard unsafe CRC32C.checksum(payload) == header.checksum else {
                violated("the payload of a \(header.kind) frame (\(length) bytes) does not match its checksum")
                break
            }
            unsafe act(on: header, payload)
        }
        return Step(used: used, outcome: .over)
    }

    /// Checks what can be checked before the payload is there, so that no memory is held for a frame that is refused.
    private func accepts(_ header: FrameHeader) -> Bool {
        let most = phase == .greeting ? Limits.helloPayload : terms.maxFrame
        guard Int(header.payloadLength) <= most else {
            violated("a frame announces \(header.payloadLength) bytes of payload; at most \(most) are allowed")
            return false
        }
        if phase == .greeting, header.kind != .hello {
            violated("the first frame must be HELLO")
            return false
        }
        return true
    }

    private func act(on header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        switch header.kind {
        case .request: unsafe open(header, payload)
        case .message: unsafe message(header, payload)
        case .end: ended(header)
        case .cancel: cancel(header)
        case .credit: unsafe credit(header, payload)
        case .ping: unsafe ping(header, payload)
        case .hello: unsafe greet(header, payload)
        case .goAway: clientGoes(header)
        case .pong: pong(header)
        case .error: violated("ERROR is the server's to send")
        default: break  // a kind of a later version: skipped, as PROTOCOL.md promises
        }
    }
}

extension FrameKind {
    /// Whether the server says something for each such frame, however little the client reads.
    fileprivate var isAnswered: Bool { self == .request || self == .ping }
}

/// What a batch of frames holds behind the frame that is being understood: the plugins are told of the next requests, so
/// that what these need comes near while others are answered.
///
/// A request by itself is told of to nobody: the look-ahead costs something only where there is something to gain.
@safe struct Outlook {
    /// So many frames ahead: far enough for a few cold lines of memory, near enough for them not to be displaced again.
    private static let reach = 8

    /// Where the first frame begins that was not looked at, and how many before it are not understood yet.
    private var end = 0
    private var frames = 0

    /// The frames before `used` are understood, but for the last, whose turn it is.
    @inline(__always)
    mutating func move(
        to used: Int, in bytes: UnsafeRawBufferPointer, _ tell: (FrameHeader, UnsafeRawBufferPointer) -> Void
    ) {
        if end <= used { (end, frames) = (used, 0) } else { frames -= 1 }
        guard let base = bytes.baseAddress else { return }
        while frames < Self.reach, bytes.count - end >= FrameHeader.size {
            let header = unsafe FrameHeader(decoding: base + end)
            let length = Int(header.payloadLength)
            guard bytes.count - end - FrameHeader.size >= length else { return }
            unsafe tell(header, UnsafeRawBufferPointer(start: base + end + FrameHeader.size, count: length))
            end += FrameHeader.size + length
            frames += 1
        }
    }
}
