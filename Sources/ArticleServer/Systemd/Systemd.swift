// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
internal import LinuxRuntime

/// The service manager: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). Without one, nothing happens.
public enum Systemd {
    /// The most sockets that are accepted: the environment is untrusted input.
    private static let maxSockets: Int32 = 1024

    /// The sockets that were passed at start. Call it once, before there are threads: it removes the variables from the
    /// environment.
    public static func inheritedSockets() throws(StartError) -> [InheritedSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        defer { unsafe free(names) }
        guard count >= 0 else {
            throw StartError(.configuration, "$LISTEN_FDS is invalid: \(SystemError.text(of: -count))")
        }
        guard count <= maxSockets else {
            throw StartError(.configuration, "$LISTEN_FDS says \(count); at most \(maxSockets) sockets are taken")
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

    /// The start or a reload is complete.
    public static func ready(_ status: String) { notify(["READY=1", "STATUS=\(status)"]) }

    /// A long start makes progress. It gets another minute.
    public static func starting(_ status: String) { notify(["EXTEND_TIMEOUT_USEC=60000000", "STATUS=\(status)"]) }

    /// A reload has begun; `ready` ends it.
    public static func reloading() {
        notify(["RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now / 1000)", "STATUS=reading the configuration"])
    }

    /// The process has begun to stop.
    ///
    /// - Parameter nanoseconds: how long that may take.
    public static func stopping(_ status: String, within nanoseconds: UInt64) {
        notify(["STOPPING=1", "EXTEND_TIMEOUT_USEC=\(nanoseconds / 1000)", "STATUS=\(status)"])
    }

    /// What `systemctl status` shows.
    public static func status(_ status: String) { notify(["STATUS=\(status)"]) }

    /// All loops are alive.
    public static func beat() { notify(["WATCHDOG=1"]) }

    /// The watchdog's limit without a beat, in nanoseconds; nil if there is no watchdog.
    public static var watchdog: UInt64? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        let (nanoseconds, isOver) = microseconds.multipliedReportingOverflow(by: 1000)
        // At least so long that the beats do not take all the time.
        return isOver ? nil : max(nanoseconds, 50_000_000)
    }

    private static func notify(_ assignments: [String]) {
        // A line break would begin another assignment.
        let lines = assignments.map { line in String(line.map { $0.isNewline ? " " : $0 }) }
        unsafe _ = sd_notify(0, lines.joined(separator: "\n"))
    }
}

/// A descriptor from the service manager, with the name from its unit (FileDescriptorName=).
public struct InheritedSocket: Sendable, Equatable {
    /// "unknown" if it has no name.
    public let name: String
    public let descriptor: Int32
}

/// The service manager's store for descriptors that one process of the service leaves to the next: FDSTORE of
/// sd_notify(3), FileDescriptorStoreMax= of systemd.service(5).
public enum DescriptorStore {
    /// How long the service manager may take to receive a descriptor.
    private static let barrierTimeout: UInt64 = 5_000_000  // microseconds

    /// How many descriptors the store keeps; 0 if there is no store, or none is announced.
    ///
    /// systemd 254 and later set $FDSTORE. For earlier versions the unit sets it.
    public static var capacity: Int {
        guard ProcessEnvironment.text("NOTIFY_SOCKET") != nil, let text = ProcessEnvironment.text("FDSTORE") else {
            return 0
        }
        return Int(text).map { max(0, $0) } ?? 0
    }

    /// Stores a descriptor, which also stays open here. FDPOLL=0, because systemd would drop a socket whose peer has
    /// closed.
    ///
    /// - Returns: why it failed; nil if it succeeded.
    static func store(_ descriptor: Int32, name: String) -> String? {
        let sent = unsafe sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", [descriptor], 1)
        guard sent > 0 else {
            return sent == 0 ? "there is no service manager" : "sd_notify: \(SystemError.text(of: -sent))"
        }
        // We must not end earlier: systemd might receive the message only after our end.
        let passed = sd_notify_barrier(0, barrierTimeout)
        return passed < 0 ? "sd_notify_barrier: \(SystemError.text(of: -passed))" : nil
    }

    /// Removes all descriptors of that name from the store. Ours stay open.
    public static func remove(name: String) { unsafe _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)") }
}

/// Environment variables that systemd and others set. They are untrusted input.
public enum ProcessEnvironment {
    /// The most bytes of a value.
    private static let maxBytes = 4096

    /// The value; nil if it is missing, empty or too long.
    public static func text(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let size = unsafe strnlen(value, maxBytes + 1)
        guard size > 0, size <= maxBytes else { return nil }
        return unsafe String(
            validating: UnsafeRawBufferPointer(start: UnsafeRawPointer(value), count: size), as: UTF8.self)
    }

    /// The first directory in a variable such as $STATE_DIRECTORY: systemd.exec(5). Throws if it is not an absolute
    /// path.
    public static func directory(_ name: String) throws(StartError) -> String? {
        guard let value = text(name) else { return nil }
        let first = String(value.prefix { $0 != ":" })
        guard first.hasPrefix("/") else {
            throw StartError(.configuration, "$\(name) is \"\(value)\": it must be an absolute path")
        }
        return first
    }
}
