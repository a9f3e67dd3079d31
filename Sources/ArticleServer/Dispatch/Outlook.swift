internal import ArticleProtocol

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
