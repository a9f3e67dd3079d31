// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// The engine's section of the configuration.
struct Settings: Decodable {
    /// The directory of the files; an absolute path. Default: the state directory that articled passes.
    var directory: String?
    /// The greatest size of the index, and of the heap, in bytes. It reserves address space only, no memory and no
    /// disk space.
    var mapSize: Int?
    /// How many threads may read at once.
    var maxReaders: UInt32?
    /// The most bytes of writes that may be pending before further ones are refused.
    var queueBytes: Int?
    /// The most writes that may be pending.
    var queueWrites: Int?
    /// How many bytes of articles are written before a checkpoint begins and the redo log starts over.
    var logSize: Int?
    /// How often everything stored is checked, slowly: "7 d", "12 h"; "off" disables it.
    var scrub: String?
    /// How long deletions are remembered, for readers of changes that were away: "7 d", "12 h".
    var keepDeletions: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case directory, mapSize, maxReaders, queueBytes, queueWrites, logSize, scrub, keepDeletions
    }
}

/// The settings, checked and complete.
struct EngineLimits: Sendable, Equatable {
    /// 1 TiB, of the 128 TiB of address space that a process has. A map costs nothing until it is used. A map as
    /// large as any disk never has to grow, which LMDB permits only while nobody reads.
    var mapSize = 1 << 40
    var maxReaders: UInt32 = 512
    var queueBytes = 64 << 20
    var queueWrites = 65_536
    var logSize = 128 << 20
    /// The most groups in the log before a checkpoint begins. This bounds the replaced pages that cannot be reused
    /// yet.
    var logGroups = 2048
    /// A group with at least this many bytes writes its records to the heap only, and syncs the heap too.
    var heapOnlyBytes = 256 << 10
    /// After this long without writes, in nanoseconds, a checkpoint is made, so that the next start has little to do.
    var idle = 1_000_000_000

    /// How often everything stored is checked, in milliseconds; `nil`: never.
    var scrub: Int64? = TimeSpan.week
    /// How long deletions are remembered.
    var deletions = DeletionRetention()

    init() {}

    /// Reads the engine's section of the configuration.
    ///
    /// Throws `invalidArgument`, with everything that is wrong.
    static func read(_ configuration: PluginConfiguration) throws(ServiceError) -> (EngineLimits, Settings) {
        var limits = EngineLimits()
        let settings = try configuration.decode(Settings.self) { settings, problems in
            limits.take("mapSize", settings.mapSize, 1 << 20...1 << 46, \.mapSize, &problems)
            limits.take("maxReaders", settings.maxReaders, 4...65_536, \.maxReaders, &problems)
            limits.take("queueBytes", settings.queueBytes, 1 << 16...1 << 40, \.queueBytes, &problems)
            limits.take("queueWrites", settings.queueWrites, 1...1 << 24, \.queueWrites, &problems)
            limits.take("logSize", settings.logSize, 1 << 20...1 << 40, \.logSize, &problems)
            switch settings.scrub.map({ TimeSpan.read($0, orOff: true) }) {
            case .span(let span): limits.scrub = span
            case .wrong(let problem): problems.add("scrub", problem)
            case nil: break
            }
            switch settings.keepDeletions.map({ TimeSpan.read($0, orOff: false) }) {
            case .span(let span): limits.deletions.time = span ?? limits.deletions.time
            case .wrong(let problem): problems.add("keepDeletions", problem)
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
            problems.add(name, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}

/// A time in the configuration: "7 d", "12 h", and in some places "off".
enum TimeSpan {
    static let week: Int64 = 7 * 86_400_000
    private static let units: [(String, Int64)] = [
        ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let range: ClosedRange<Int64> = 1000...400 * 86_400_000

    enum Reading: Equatable {
        /// In milliseconds; `nil`: off.
        case span(Int64?)
        case wrong(String)
    }

    static func read(_ text: String, orOff: Bool) -> Reading {
        if orOff, text == "off" { return .span(nil) }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), let factor = units.first(where: { $0.0 == unit })?.1 else {
            let wanted = "a whole number with one of the units s, min, h, d, such as \"7 d\""
            return .wrong("\"\(text)\" is \(orOff ? "neither \"off\" nor" : "not") \(wanted)")
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows, range.contains(product) else { return .wrong("\"\(text)\" is not from 1 s to 400 d") }
        return .span(product)
    }
}
