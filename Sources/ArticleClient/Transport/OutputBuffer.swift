import LinuxRuntime

/// Bytes on their way to the socket: appended behind, sent from the front.
struct OutputBuffer: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private var head = 0
    /// How many bytes have been handed to the socket since the connection began.
    private(set) var sent: UInt64 = 0

    var count: Int { bytes.count - head }
    var isEmpty: Bool { head == bytes.count }
    /// Where in the connection's stream of bytes the next one appended will stand.
    var position: UInt64 { sent + UInt64(count) }

    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&bytes) }

    /// Sends as much as the socket takes. `nil`: all of it, or the socket is full.
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
        // One large message must not hold its memory for the life of the connection.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
        head = 0
    }

    /// What has been sent is dropped once it is the larger half: moving is then paid for by what was sent.
    private mutating func compact() {
        guard head > bytes.count / 2 else { return }
        bytes.removeFirst(head)
        head = 0
    }
}
