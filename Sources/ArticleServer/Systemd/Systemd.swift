internal import CSystemd
internal import Glibc
internal import LinuxRuntime

/// The service manager: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). Where there is none, nothing happens.
public enum Systemd {
    /// Descriptors that a peer could make us believe in: the environment is input too.
    private static let mostSockets: Int32 = 1024

    /// The sockets that were passed at start. Once, before there are threads: the environment is cleared of them.
    public static func inheritedSockets() throws(StartError) -> [InheritedSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        defer { unsafe free(names) }
        guard count >= 0 else {
            throw StartError(.configuration, "$LISTEN_FDS makes no sense: \(SystemError.text(of: -count))")
        }
        guard count <= mostSockets else {
            throw StartError(.configuration, "$LISTEN_FDS says \(count); at most \(mostSockets) sockets are taken")
        }
        return (0..<count).map { index in
            var name = "unknown"
            if let text = unsafe names?[Int(index)] {
                name = unsafe String(cString: text)
                unsafe free(text)
            }
            return InheritedSocket(name: name, descriptor: 3 + index)  // SD_LISTEN_FDS_START
        }
    }

    /// Startup is complete, or a reload is.
    public static func ready(_ status: String) { notify(["READY=1", "STATUS=\(status)"]) }

    /// A start that takes long gets on: it is not cut off for the next minute.
    public static func starting(_ status: String) { notify(["EXTEND_TIMEOUT_USEC=60000000", "STATUS=\(status)"]) }

    /// A reload has begun; `ready` ends it.
    public static func reloading() {
        notify(["RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now / 1000)", "STATUS=reading the configuration"])
    }

    /// The end has begun.
    ///
    /// - Parameter nanoseconds: how long it may take.
    public static func stopping(_ status: String, within nanoseconds: UInt64) {
        notify(["STOPPING=1", "EXTEND_TIMEOUT_USEC=\(nanoseconds / 1000)", "STATUS=\(status)"])
    }

    /// What `systemctl status` shows.
    public static func status(_ status: String) { notify(["STATUS=\(status)"]) }

    /// All loops are alive.
    public static func beat() { notify(["WATCHDOG=1"]) }

    /// How long there may be no beat, in nanoseconds; nil if nobody watches.
    public static var watchdog: UInt64? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        let (nanoseconds, isOver) = microseconds.multipliedReportingOverflow(by: 1000)
        // Not so short that beating is all we do.
        return isOver ? nil : max(nanoseconds, 50_000_000)
    }

    private static func notify(_ assignments: [String]) {
        // A line break would begin an assignment of its own.
        let lines = assignments.map { line in String(line.map { $0.isNewline ? " " : $0 }) }
        unsafe _ = sd_notify(0, lines.joined(separator: "\n"))
    }
}
