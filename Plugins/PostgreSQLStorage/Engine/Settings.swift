// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// The engine's section of the configuration.
struct Settings: Decodable {
    /// How to reach the database: libpq's URI, or its keywords and values.
    var connection: String?
    /// Whether gets and lists may be answered by replicas, and so may lack the latest changes.
    var allowStaleReads: Bool?
    /// How to reach the replicas, if they may answer; without it, those that `connection` names.
    var replicas: String?
    /// The password. It should be a credential: `{ credential: "NAME" }`.
    var password: String?
    /// How many connections read.
    var readConnections: Int?
    /// The most reads that may be pending before further ones are refused.
    var queueReads: Int?
    /// The most writes that may be pending.
    var queueWrites: Int?
    /// The most bytes of writes that may be pending.
    var queueBytes: Int?
    /// How long a request waits for a connection: "10 s".
    var queueTimeout: String?
    /// How long a connection to one address may take: "5 s".
    var connectTimeout: String?
    /// How long a statement may take, a commit that waits for replicas excepted: "10 s".
    var statementTimeout: String?
    /// How long deletions are remembered, for readers of changes that were away: "7 d", "12 h".
    var keepDeletions: String?
}

/// The settings, checked and complete.
struct EngineSettings: Sendable {
    var options: ConnectionOptions
    /// `nil`: replicas are not asked.
    var replicas: ConnectionOptions?
    var readConnections = 4
    var queueReads = 4096
    var queueWrites = 65_536
    var queueBytes = 64 << 20
    /// In milliseconds.
    var queueTimeout: Int64 = 10_000
    /// In milliseconds.
    var statementTimeout: Int64 = 10_000
    /// In milliseconds.
    var keepDeletions: Int64 = 7 * 86_400_000

    /// The connections: one writes, one watches for changes, the others read.
    var links: [ConnectionRole] {
        let readers: [ConnectionRole] =
            if replicas == nil { [ConnectionRole](repeating: .reader, count: readConnections) } else {
                // Changes are read on the primary, and what a replica could not answer.
                [.reader] + [ConnectionRole](repeating: .replica, count: readConnections)
            }
        return [.writer, .watcher] + readers
    }

    /// Reads the engine's section of the configuration.
    ///
    /// Throws `invalidArgument`, with everything that is wrong.
    static func read(_ configuration: PluginConfiguration) throws(ServiceError) -> EngineSettings {
        var result: EngineSettings?
        _ = try configuration.decode(Settings.self) { settings, problems in
            result = EngineSettings(settings, &problems)
        }
        guard let result else { throw ServiceError(.invalidArgument, "the section cannot be used") }
        return result
    }

    private init(_ settings: Settings, _ problems: inout SettingsProblems) {
        let connect = Self.time("connectTimeout", settings.connectTimeout, 2000...120_000, &problems) ?? 5000
        // HandlerKit gives up a read after 30 s.
        let statement = Self.time("statementTimeout", settings.statementTimeout, 1000...25_000, &problems) ?? 10_000
        func options(_ name: String, _ text: String) -> ConnectionOptions {
            ConnectionOptions(
                text, password: settings.password, connectTimeout: connect, statementTimeout: statement,
                problem: { problems.add(name, $0) })
        }
        let connection = settings.connection ?? "dbname=articled"
        self.options = options("connection", connection)
        if settings.allowStaleReads ?? false {
            replicas =
                if let given = settings.replicas { options("replicas", given) } else {
                    self.options.preferringReplicas
                }
        } else if settings.replicas != nil {
            problems.add("replicas", "it has no effect without allowStaleReads")
        }
        statementTimeout = statement
        if let time = Self.time("queueTimeout", settings.queueTimeout, 1000...25_000, &problems) { queueTimeout = time }
        if let time = Self.time("keepDeletions", settings.keepDeletions, 1000...400 * 86_400_000, &problems) {
            keepDeletions = time
        }
        take("readConnections", settings.readConnections, 1...64, \.readConnections, &problems)
        take("queueReads", settings.queueReads, 1...1 << 20, \.queueReads, &problems)
        take("queueWrites", settings.queueWrites, 1...1 << 24, \.queueWrites, &problems)
        take("queueBytes", settings.queueBytes, 1 << 16...1 << 40, \.queueBytes, &problems)
    }

    private mutating func take(
        _ name: String, _ value: Int?, _ range: ClosedRange<Int>, _ member: WritableKeyPath<EngineSettings, Int>,
        _ problems: inout SettingsProblems
    ) {
        guard let value else { return }
        if range.contains(value) {
            self[keyPath: member] = value
        } else {
            problems.add(name, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
    }

    private static let units: [(String, Int64)] = [
        ("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// A time in milliseconds: "5 s".
    private static func time(
        _ name: String, _ text: String?, _ range: ClosedRange<Int64>, _ problems: inout SettingsProblems
    ) -> Int64? {
        guard let text else { return nil }
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), let factor = units.first(where: { $0.0 == unit })?.1 else {
            problems.add(
                name, "\"\(text)\" is not a whole number with one of the units ms, s, min, h, d, such as \"5 s\"")
            return nil
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows, range.contains(product) else {
            problems.add(
                name, "\"\(text)\" is not from \(describe(range.lowerBound)) to \(describe(range.upperBound))")
            return nil
        }
        return product
    }

    private static func describe(_ milliseconds: Int64) -> String {
        let unit = units.last { milliseconds % $0.1 == 0 } ?? units[0]
        return "\(milliseconds / unit.1) \(unit.0)"
    }
}

extension [ConnectionRole] {
    /// How many of these connections read.
    var readers: Int { count { $0 == .reader || $0 == .replica } }
}
