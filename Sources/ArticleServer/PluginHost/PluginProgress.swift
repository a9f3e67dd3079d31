internal import Synchronization

/// How plugins that take long to start get on: whoever waits for one waits as long as it does, and the service manager too.
enum PluginProgress {
    private static let reports = Atomic<UInt64>(0)

    /// How often one has said so.
    static var count: UInt64 { reports.load(ordering: .relaxed) }

    /// One gets on. Any thread.
    static func report(_ status: String) {
        reports.add(1, ordering: .relaxed)
        Systemd.starting(status)
    }
}
