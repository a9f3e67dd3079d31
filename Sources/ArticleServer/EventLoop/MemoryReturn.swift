internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// Gives memory back to the system that was needed for a while and is not any more: malloc_trim(3).
///
/// The allocator keeps what was freed between what is still in use, which after a burst may be most of the process.
struct MemoryReturn {
    /// Growth that is worth a look. A trim holds up those that allocate meanwhile, a few milliseconds for 100 MiB.
    private static let worthwhile = 32 << 20
    private static let interval: UInt64 = 5_000_000_000

    /// Memory of the process's own beside buffers, after the last trim: so much it needs.
    private var needed: Int?
    private var next: UInt64 = 0
    private var isAsked = false

    /// - Returns: whether there is something to give back, at the next look.
    mutating func look(at now: UInt64, _ loops: [EventLoop]) -> Bool {
        guard let context = loops.first?.context, let held = Self.ownMemory else { return false }
        let beside = held - min(held, max(0, context.bufferedBytes))
        guard let needed else {
            self.needed = beside
            return false
        }
        if isAsked {
            isAsked = false
            clinux_trim_heap()
            self.needed = (Self.ownMemory ?? held) - min(held, max(0, context.bufferedBytes))
            next = now &+ Self.interval
            return false
        }
        self.needed = min(needed, beside)
        guard beside - min(needed, beside) >= Self.worthwhile else { return false }
        guard now >= next else { return true }
        // What the loops have spare goes first.
        for loop in loops { loop.inbox.add { loop.buffers.shrink() } }
        isAsked = true
        return true
    }

    /// Resident memory that is no file's, bytes: proc(5).
    private static var ownMemory: Int? {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Descriptor.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ").map { Int($0) ?? 0 }
        guard fields.count > 2 else { return nil }
        // Pages: below 2^40, as addresses have 52 bits at most.
        return max(0, fields[1] - fields[2]) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
