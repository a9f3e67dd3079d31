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

/// A descriptor that the service manager has passed, and the name that its unit gives it (FileDescriptorName=).
public struct InheritedSocket: Sendable, Equatable {
    /// "unknown" if nobody named it.
    public let name: String
    public let descriptor: Int32
}

/// Where the service manager keeps descriptors of ours from one process of the service to the next: FDSTORE of
/// sd_notify(3), FileDescriptorStoreMax= of systemd.service(5).
public enum DescriptorStore {
    /// How long the service manager may take to look at what it was sent.
    private static let patience: UInt64 = 5_000_000  // microseconds

    /// How many descriptors it keeps; 0 if there is no store, or nobody says that there is.
    ///
    /// systemd 254 and later say so in $FDSTORE; for those before, the unit does.
    public static var capacity: Int {
        guard Environment.text("NOTIFY_SOCKET") != nil, let text = Environment.text("FDSTORE") else { return 0 }
        return Int(text).map { max(0, $0) } ?? 0
    }

    /// Stores a descriptor, which stays open here as well. FDPOLL=0: systemd would drop a socket whose peer has closed.
    ///
    /// - Returns: why it did not come about; nil if it did.
    static func store(_ descriptor: Int32, name: String) -> String? {
        let sent = unsafe sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", [descriptor], 1)
        guard sent > 0 else {
            return sent == 0 ? "there is none" : "sd_notify: \(SystemError.text(of: -sent))"
        }
        // Only then may we end: what is still on its way might be looked at after our end.
        let passed = sd_notify_barrier(0, patience)
        return passed < 0 ? "sd_notify_barrier: \(SystemError.text(of: -passed))" : nil
    }

    /// Takes all descriptors of that name out of the store. Our own stay open.
    public static func remove(name: String) { unsafe _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)") }
}

/// The environment variables that systemd and others set. What is in them is input like any other.
public enum Environment {
    /// Bytes of a value that are believed.
    private static let longest = 4096

    /// The value, unless it is missing, empty or longer than any of ours can be.
    public static func text(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let size = unsafe strnlen(value, longest + 1)
        guard size > 0, size <= longest else { return nil }
        return unsafe String(
            validating: UnsafeRawBufferPointer(start: UnsafeRawPointer(value), count: size), as: UTF8.self)
    }

    /// The first of the directories that systemd names in such as $STATE_DIRECTORY: systemd.exec(5). Throws if it is no
    /// absolute path.
    public static func directory(_ name: String) throws(StartError) -> String? {
        guard let value = text(name) else { return nil }
        let first = String(value.prefix { $0 != ":" })
        guard first.hasPrefix("/") else {
            throw StartError(.configuration, "$\(name) is \"\(value)\": it has to be an absolute path")
        }
        return first
    }
}
