internal import Glibc
internal import LinuxRuntime
internal import Synchronization

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
