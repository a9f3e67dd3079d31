internal import ArticleProtocol
internal import HandlerKit

/// The settings, checked and complete.
struct EngineLimits: Sendable, Equatable {
    /// 1 TiB of address space of the 128 TiB that a process has. A map costs nothing until it is touched; one that is as
    /// large as any disk never has to be made larger, which LMDB could only do while nobody reads.
    var mapSize = 1 << 40
    var maxReaders: UInt32 = 512
    var queueBytes = 64 << 20
    var queueWrites = 65_536
    var logSize = 128 << 20
    /// How many groups the log has at most, likewise: what bounds the pages that are replaced and not used again yet.
    var logGroups = 2048
    /// A group of changes with so many bytes writes its records to the heap alone, and syncs that as well.
    var leastInHeap = 256 << 10
    /// Nobody writes for so long, in nanoseconds: the database is brought to disk, so that the next start has little to do.
    var idle = 1_000_000_000

    /// How often all that is stored is checked, in milliseconds; `nil`: never.
    var scrub: Int64? = ScrubInterval.standard

    init() {}

    /// Reads the engine's section of the configuration.
    ///
    /// Throws `invalidArgument`, with all that is wrong.
    static func read(_ configuration: PluginConfiguration) throws(ServiceError) -> (EngineLimits, Settings) {
        var limits = EngineLimits()
        let settings = try configuration.decode(Settings.self) { settings, problems in
            limits.take("mapSize", settings.mapSize, 1 << 20...1 << 46, \.mapSize, &problems)
            limits.take("maxReaders", settings.maxReaders, 4...65_536, \.maxReaders, &problems)
            limits.take("queueBytes", settings.queueBytes, 1 << 16...1 << 40, \.queueBytes, &problems)
            limits.take("queueWrites", settings.queueWrites, 1...1 << 24, \.queueWrites, &problems)
            limits.take("logSize", settings.logSize, 1 << 20...1 << 40, \.logSize, &problems)
            switch settings.scrub.map(ScrubInterval.read) {
            case .interval(let interval): limits.scrub = interval
            case .wrong(let problem): problems.add("scrub", problem)
            case nil: break
            }
        }
        return (limits, settings)
    }

    private mutating func take<Value: FixedWidthInteger>(
        _ name: String, _ value: Value?, _ range: ClosedRange<Value>, _ member: WritableKeyPath<EngineLimits, Value>,
        _ problems: inout SettingsProblems
    ) {
        guard let value else { return }
        if range.contains(value) {
            self[keyPath: member] = value
        } else {
            problems.add(name, "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
