internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// A listening socket as one loop sees it. Several loops accept from the same socket.
struct Acceptor {
    private static let spare = SpareDescriptor()
    private static let complaints = Pace(interval: 1_000_000_000)

    let listener: Listener

    init(listener: Listener) {
        self.listener = listener
        // Made now: later there may be no descriptor left for it.
        _ = Self.spare
    }

    /// The next connection, or nil if none waits.
    func accept() -> Int32? {
        while true {
            let descriptor = clinux_accept(listener.descriptor)
            if descriptor >= 0 {
                if listener.isTCP { StreamSocket.setNoDelay(descriptor) }
                return descriptor
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return nil
            case let code:
                if Self.complaints.isDue() {
                    Log.warning(
                        "cannot accept on \(listener): \(SystemError("accept4", code: code)); connections are closed")
                }
                if code == EMFILE || code == ENFILE { Self.spare.turnAway(from: listener.descriptor) }
                return nil
            }
        }
    }

    /// Tells a peer that there is no room for it, and closes. One attempt: it is not worth waiting for.
    static func refuse(_ descriptor: Int32, _ farewell: [UInt8]) {
        unsafe farewell.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { _ = unsafe StreamSocket.send(descriptor, from: base, count: bytes.count) }
        }
        Descriptor.close(descriptor)
    }
}

/// A descriptor held back for when there are no more: with its place, a waiting connection can be taken and closed.
///
/// Without it the connection would stay in the queue, and its listener readable: a loop that does nothing but fail.
final class SpareDescriptor: Sendable {
    private let held = Mutex<Int32>(-1)

    init() { held.withLock { $0 = Self.take() } }

    /// Takes one connection of a listener and closes it.
    func turnAway(from listener: Int32) {
        held.withLock { held in
            if held >= 0 { Descriptor.close(held) }
            let refused = Glibc.accept(listener, nil, nil)
            if refused >= 0 { Descriptor.close(refused) }
            held = Self.take()
        }
    }

    private static func take() -> Int32 { unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
}

/// Frames for peers that there is no session with.
enum WholeFrame {
    static func goAway(_ code: StatusCode, _ message: String) -> [UInt8] {
        let payload = Status(code: code.rawValue, message: message).encoded()
        var frame: [UInt8] = []
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: .goAway, checksum: CRC32C.checksum(payload)
        ).append(to: &frame)
        return frame + payload
    }
}
