internal import ArticleProtocol
internal import HandlerKit

/// The engine's section of the configuration.
struct Settings: Decodable {
    /// Where the files lie; absolute. Default: the directory that articled names.
    var directory: String?
    /// The most that the database, and the file with the records beside it, may grow to each, in bytes. It costs address space alone, no memory and no disk.
    var mapSize: Int?
    /// How many threads may read at once.
    var maxReaders: UInt32?
    /// How many bytes of changes may wait for the disk before further ones are refused.
    var queueBytes: Int?
    /// How many changes may wait.
    var queueWrites: Int?
    /// How many bytes of articles are stored before the database is brought to disk and the redo log begun anew.
    var logSize: Int?
    /// How often all that is stored is checked, slowly: "7 d", "12 h"; "off": never.
    var scrub: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case directory, mapSize, maxReaders, queueBytes, queueWrites, logSize, scrub
    }
}

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
    var heapOnlyBytes = 256 << 10
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

/// How often a scrub is made: "7 d", "12 h", "off".
enum ScrubInterval {
    static let standard: Int64 = 7 * 86_400_000
    private static let units: [(String, Int64)] = [
        ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let range: ClosedRange<Int64> = 1000...400 * 86_400_000

    enum Reading: Equatable {
        /// In milliseconds; `nil`: never.
        case interval(Int64?)
        case wrong(String)
    }

    static func read(_ text: String) -> Reading {
        if text == "off" { return .interval(nil) }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), let factor = units.first(where: { $0.0 == unit })?.1 else {
            return .wrong(
                "\"\(text)\" is neither \"off\" nor a whole number with one of the units s, min, h, d, such as \"7 d\"")
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows, range.contains(product) else { return .wrong("\"\(text)\" is not from 1 s to 400 d") }
        return .interval(product)
    }
}
