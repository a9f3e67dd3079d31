// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// How a session processes bytes: frame by frame, each checked before it is handled.
extension Session {
    /// The result of processing some bytes.
    struct Step {
        enum Outcome {
            /// All whole frames are processed.
            case incomplete
            /// There may be more frames, but enough has gathered to be written.
            case full
            /// The connection is over.
            case over
        }
        let used: Int
        let outcome: Outcome
    }

    /// How many bytes the first frame in `bytes` lacks; 0 if that is not known yet.
    func missing(in bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else { return 0 }
        let header = unsafe FrameHeader(decoding: base)
        return max(0, FrameHeader.size + Int(header.payloadLength) - bytes.count)
    }

    /// Lets the plugin of the first request prefetch. The bytes are processed soon.
    func prefetchFirst(in bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= FrameHeader.size, let base = bytes.baseAddress else { return }
        let header = unsafe FrameHeader(decoding: base)
        let length = Int(header.payloadLength)
        guard bytes.count - FrameHeader.size >= length else { return }
        unsafe prefetch(header, UnsafeRawBufferPointer(start: base + FrameHeader.size, count: length))
    }

    /// Processes the whole frames in `bytes`. Frames that are answered wait while `limit` bytes or more are still to be
    /// written. Credit never waits: the peer may need it to continue reading.
    func process(_ bytes: UnsafeRawBufferPointer, until limit: Int) -> Step {
        var used = 0
        var lookahead = Lookahead()
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
            unsafe lookahead.move(to: used, in: bytes) { unsafe prefetch($0, $1) }
            guard unsafe CRC32C.checksum(payload) == header.checksum else {
                violated("the payload of a \(header.kind) frame (\(length) bytes) does not match its checksum")
                break
            }
            unsafe handle(header, payload)
        }
        return Step(used: used, outcome: .over)
    }

    /// Checks the header before the payload is there, so that no memory is held for a frame that is refused.
    private func accepts(_ header: FrameHeader) -> Bool {
        let limit = phase == .greeting ? Limits.helloPayload : terms.maxFrame
        guard Int(header.payloadLength) <= limit else {
            violated("a frame announces \(header.payloadLength) bytes of payload; at most \(limit) are allowed")
            return false
        }
        if phase == .greeting, header.kind != .hello {
            violated("the first frame must be HELLO")
            return false
        }
        return true
    }

    private func handle(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
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
        default: break  // a kind of a later version is skipped, as PROTOCOL.md promises
        }
    }
}

extension FrameKind {
    /// Whether the server answers each such frame, even if the client does not read.
    fileprivate var isAnswered: Bool { self == .request || self == .ping }
}

/// Looks at the frames behind the one that is processed, so that plugins can prefetch for the next requests while
/// others are answered.
///
/// A single request is not announced: looking ahead costs something, and pays only for a batch.
@safe struct Lookahead {
    /// How many frames ahead: far enough for a few cache misses, near enough that the lines are not evicted again.
    private static let reach = 8

    /// Where the first frame begins that was not looked at, and how many frames before it are not processed yet.
    private var end = 0
    private var frames = 0

    /// The frames before `used` are processed, except the last, which is next.
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
