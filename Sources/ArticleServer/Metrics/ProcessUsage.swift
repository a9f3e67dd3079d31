internal import Glibc

/// What this process takes of the machine. What the system does not tell is nil.
struct ProcessUsage: Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var startedAt: Int64 = 0
    /// User and system time of all threads.
    var cpuSeconds = 0.0
    var residentBytes: UInt64?
    var virtualBytes: UInt64?
    var openDescriptors: UInt64?
    var maxDescriptors: UInt64?

    /// Of this instant: getrusage(2), getrlimit(2), proc(5).
    init(startedAt: Int64) {
        self.startedAt = startedAt
        var usage = rusage()
        if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            cpuSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
        }
        let page = UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        let sizes = Self.firstLine("/proc/self/statm")?.split(separator: " ").prefix(2).map { UInt64($0) } ?? []
        if sizes.count == 2 {
            virtualBytes = sizes[0].map { $0 &* page }
            residentBytes = sizes[1].map { $0 &* page }
        }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            maxDescriptors = UInt64(limit.rlim_cur)
        }
        openDescriptors = Self.descriptors()
    }

    /// In OpenMetrics, under the names that Prometheus's own libraries give them.
    func write(to text: inout MetricsText) {
        text.family("process_start_time_seconds", .gauge, unit: "seconds", "When the service started, since 1970.")
        text.sample(Double(startedAt) / 1000)
        text.family("process_cpu_seconds", .counter, unit: "seconds", "Processor time, of user and system.")
        text.sample("_total", cpuSeconds)
        if let residentBytes {
            text.family(
                "process_resident_memory_bytes", .gauge, unit: "bytes",
                "Memory, with the pages of the database that the system keeps.")
            text.sample(residentBytes)
        }
        if let virtualBytes {
            text.family("process_virtual_memory_bytes", .gauge, unit: "bytes", "Address space.")
            text.sample(virtualBytes)
        }
        if let openDescriptors {
            text.family("process_open_fds", .gauge, "Open files and sockets.")
            text.sample(openDescriptors)
        }
        if let maxDescriptors {
            text.family("process_max_fds", .gauge, "Files and sockets that may be open: LimitNOFILE=.")
            text.sample(maxDescriptors)
        }
    }

    /// Since Linux 6.2 the directory's size is their number; before, they are counted.
    private static func descriptors() -> UInt64? {
        let path = "/proc/self/fd"
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_size > 0 { return UInt64(status.st_size) }
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var count: UInt64 = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // ".", ".." and the directory itself are among them.
        return count > 3 ? count - 3 : 0
    }

    /// The beginning of a small file of the kernel's, which is never longer than a page.
    private static func firstLine(_ path: String) -> Substring? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first
    }
}
