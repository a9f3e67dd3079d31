import LinuxRuntime

/// Bytes from the socket that have not been understood yet: at most one incomplete frame stays between two reads.
struct InputBuffer: ~Copyable {
    private var bytes: [UInt8]
    private var head = 0
    private var tail = 0

    static let step = 128 << 10

    init() { bytes = [UInt8](repeating: 0, count: Self.step) }

    var count: Int { tail - head }
    /// The bytes not consumed yet.
    var span: RawSpan {
        @_lifetime(borrow self) get { unsafe bytes.span.bytes.extracting(head..<tail) }
    }

    /// Reads once. There is always room, as `reserve` is called for every frame that does not fit.
    mutating func fill(from socket: borrowing Socket) -> StreamSocket.Transfer {
        if tail == bytes.count { moveToFront() }
        let tail = tail
        let transfer = unsafe bytes.withUnsafeMutableBytes { all in
            unsafe socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: all[tail...]))
        }
        if case .bytes(let count) = transfer { self.tail += count }
        return transfer
    }

    /// The first `count` bytes have been dealt with.
    mutating func consume(_ count: Int) {
        head += min(count, tail - head)
        guard head == tail else { return }
        head = 0
        tail = 0
        if bytes.count > Self.step { bytes = [UInt8](repeating: 0, count: Self.step) }
    }

    /// Makes room for a frame of `size` bytes that begins at the front; the caller has checked its limit.
    mutating func reserve(_ size: Int) {
        guard head + size > bytes.count else { return }
        moveToFront()
        if size > bytes.count {
            bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
        }
    }

    private mutating func moveToFront() {
        guard head > 0 else { return }
        unsafe bytes.withUnsafeMutableBytes { all in
            guard let base = all.baseAddress else { return }
            unsafe base.copyMemory(from: base + head, byteCount: tail - head)
        }
        tail -= head
        head = 0
    }
}
