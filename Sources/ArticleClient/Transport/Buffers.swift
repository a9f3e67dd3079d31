// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime

/// Bytes received but not yet processed. At most one incomplete frame remains between two reads.
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

    /// Reads once. There is always room, because `reserve` is called for every frame that does not fit.
    mutating func fill(from socket: borrowing Socket) -> StreamSocket.Transfer {
        if tail == bytes.count { moveToFront() }
        let tail = tail
        let transfer = unsafe bytes.withUnsafeMutableBytes { all in
            unsafe socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: all[tail...]))
        }
        if case .bytes(let count) = transfer { self.tail += count }
        return transfer
    }

    /// Removes the first `count` bytes.
    mutating func consume(_ count: Int) {
        head += min(count, tail - head)
        guard head == tail else { return }
        head = 0
        tail = 0
        if bytes.count > Self.step { bytes = [UInt8](repeating: 0, count: Self.step) }
    }

    /// Makes room for a frame of `size` bytes at the front. The caller has checked the limit.
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

/// Bytes to be sent: appended at the end, sent from the front.
struct OutputBuffer: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private var head = 0
    /// How many bytes were written to the socket since the connection began.
    private(set) var sent: UInt64 = 0

    var count: Int { bytes.count - head }
    var isEmpty: Bool { head == bytes.count }
    /// The position of the next appended byte in the connection's byte stream.
    var position: UInt64 { sent + UInt64(count) }

    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&bytes) }

    /// Sends as much as the socket accepts. `nil`: everything was sent, or the socket is full.
    mutating func flush(_ socket: borrowing Socket) -> SystemError? {
        while !isEmpty {
            let transfer = unsafe bytes.withUnsafeBytes { all in
                unsafe socket.send(UnsafeRawBufferPointer(rebasing: all[head...]))
            }
            switch transfer {
            case .bytes(let count):
                head += count
                sent += UInt64(count)
            case .wouldBlock:
                compact()
                return nil
            case .ended: return nil
            case .failed(let code): return SystemError("send", code: code)
            }
        }
        clear()
        return nil
    }

    private mutating func clear() {
        // A single large message must not hold memory for the life of the connection.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
        head = 0
    }

    /// Removes the sent bytes once they are more than half, so that the cost of moving the rest is amortized.
    private mutating func compact() {
        guard head > bytes.count / 2 else { return }
        bytes.removeFirst(head)
        head = 0
    }
}
