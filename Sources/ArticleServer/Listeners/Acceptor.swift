// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import Glibc
internal import LinuxRuntime
internal import Synchronization

/// A listening socket as one loop sees it. Several loops accept from the same socket.
struct Acceptor {
    private static let spare = SpareDescriptor()
    private static let failures = LogLimiter(lines: 1, interval: 1_000_000_000)

    let listener: Listener

    init(listener: Listener) {
        self.listener = listener
        // Opened now, because later there may be no descriptor left.
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
                Self.failures.write(.warning) {
                    ("cannot accept on \(listener): \(SystemError("accept4", code: code)); connections are closed", [:])
                }
                if code == EMFILE || code == ENFILE { Self.spare.turnAway(from: listener.descriptor) }
                return nil
            }
        }
    }

    /// Sends a peer a last frame and closes. It makes one attempt and does not wait.
    static func refuse(_ descriptor: Int32, _ goAwayFrame: [UInt8]) {
        unsafe goAwayFrame.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { _ = unsafe StreamSocket.send(descriptor, from: base, count: bytes.count) }
        }
        Descriptor.close(descriptor)
    }
}

/// A descriptor in reserve for when the process has no more. It is closed so that a waiting connection can be accepted
/// and closed.
///
/// Without it the connection would stay in the queue and its listener readable, and the loop would spin.
final class SpareDescriptor: Sendable {
    private let held = Mutex<Int32>(-1)

    init() { held.withLock { $0 = Self.take() } }

    /// Accepts one connection of a listener and closes it.
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

/// Frames for peers without a session.
enum StandaloneFrame {
    static func goAway(_ code: StatusCode, _ message: String) -> [UInt8] {
        let payload = Status(code: code.rawValue, message: message).encoded()
        var frame: [UInt8] = []
        FrameHeader(
            payloadLength: UInt32(payload.count), kind: .goAway, checksum: CRC32C.checksum(payload)
        ).append(to: &frame)
        return frame + payload
    }
}
