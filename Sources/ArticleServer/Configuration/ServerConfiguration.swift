internal import JSONTree

/// All that articled is told by its configuration, checked.
public struct ServerConfiguration: Sendable, Equatable {
    /// Sockets to bind ourselves, beside those that are inherited.
    public var listen: [ListenAddress] = []
    /// Sockets to bind for Prometheus, beside those that are inherited.
    public var listenMetrics: [ListenAddress] = []
    /// Whether TCP sockets may be reached from other machines.
    public var allowRemote = false
    /// Access rights of the Unix sockets that we bind.
    public var socketMode: UInt32 = 0o660
    public var limits = ServiceLimits()
    public var access: AccessPolicy
    /// nil: half as many as there are processors.
    public var eventLoops: Int?
    /// How long nobody may be connected before the process ends; nil: for ever. In nanoseconds.
    public var exitWhenIdle: UInt64?
    /// Where storage engines keep their files; nil: as the environment says.
    public var stateDirectory: String?
    public var logLevel = Log.Level.info
    /// From when on a request is told of in the journal; 0: never.
    public var slowRequestMilliseconds = 1000
    public var plugins = PluginSettings()

    /// As a bound that is compared with: never is later than all.
    var slowRequestNanoseconds: UInt64 {
        slowRequestMilliseconds > 0 ? UInt64(clamping: slowRequestMilliseconds) &* 1_000_000 : .max
    }

    /// The defaults.
    ///
    /// - Parameter owner: the user that the service runs as.
    public init(owner: UInt32) { access = AccessPolicy(owner: owner) }

    /// The defaults for the user that this process runs as.
    public init() { access = AccessPolicy() }
}

extension ServerConfiguration {
    /// Reads a configuration in JSON5.
    ///
    /// - Throws: all that is wrong with it, each with its path.
    public init(json5: [UInt8], owner: UInt32) throws(StartError) {
        let (configuration, problems) = try Self.reading(json5, owner: owner)
        guard problems.isEmpty else { throw StartError(.configuration, problems.map(\.description)) }
        self = configuration
    }

    /// What can be understood, and all that is wrong.
    ///
    /// - Throws: if it is not JSON5.
    static func reading(
        _ json5: [UInt8], owner: UInt32
    ) throws(StartError) -> (ServerConfiguration, [ConfigurationProblem]) {
        let problems = ConfigurationProblems()
        var configuration = ServerConfiguration(owner: owner)
        switch try JSONValue(configuration: json5) {
        case .object(let members):
            configuration = ServerConfiguration(ConfigurationSection(path: "", members, problems), owner: owner)
        case let other: problems.add("", "\(other.kind), where an object belongs: { ... }")
        }
        return (configuration, problems.found + ConfigurationPlaces(json5).repeated)
    }

    private init(_ section: ConfigurationSection, owner: UInt32) {
        self.init(owner: owner)
        if let allowed = section.bool("allowRemote") { allowRemote = allowed }
        listen = section.addresses("listen", allowRemote: allowRemote)
        listenMetrics = section.addresses("listenMetrics", allowRemote: allowRemote)
        if let mode = section.string("socketMode") {
            if let number = UInt32(mode, radix: 8), number <= 0o777, mode.utf8.count <= 4 {
                socketMode = number
            } else {
                section.problem("socketMode", "\"\(mode)\" is no octal number such as \"0660\"")
            }
        }
        limits = ServiceLimits(section.section("limits"))
        access = AccessPolicy(section.section("access"), owner: owner)
        eventLoops = section.integer("eventLoops", in: 1...256)
        exitWhenIdle = section.milliseconds("exitWhenIdle", in: 100...604_800_000).map {
            UInt64(clamping: $0) &* 1_000_000
        }
        stateDirectory = section.path("stateDirectory")
        if let level = section.choice("logLevel", of: Log.Level.allCases.map { ($0.name, $0) }) { logLevel = level }
        if let limit = section.milliseconds("slowRequest", in: 0...3_600_000) { slowRequestMilliseconds = limit }
        plugins = PluginSettings(section.section("plugins"))
        section.finish()
    }
}

extension ConfigurationSection {
    /// Where to listen: an array of addresses.
    fileprivate func addresses(_ key: String, allowRemote: Bool) -> [ListenAddress] {
        (strings(key) ?? []).enumerated().compactMap { index, text in
            do throws(StartError) {
                let address = try ListenAddress(text)
                if !address.isLocal, !allowRemote {
                    problem("\(key)[\(index)]", "\(text) can be reached from other machines; allowRemote is false")
                }
                return address
            } catch {
                problem("\(key)[\(index)]", error.description)
                return nil
            }
        }
    }
}

extension JSONValue {
    /// Bytes of a configuration.
    static let longest = 1 << 20

    fileprivate init(configuration: [UInt8]) throws(StartError) {
        guard configuration.count <= Self.longest else {
            throw StartError(.configuration, "\(configuration.count) bytes; at most \(Self.longest) are read")
        }
        do throws(JSONError) {
            try self.init(json5: configuration)
        } catch {
            throw StartError(.configuration, "not JSON5: \(error)")
        }
    }
}

extension ServerConfiguration {
    /// The keys that are in no section, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey(
            path: "listen", form: .texts, isLive: false,
            meaning:
                "Sockets to bind beside those that systemd passes: unix:/PATH, tcp:ADDRESS:PORT, tcp:[ADDRESS]:PORT.",
            text: { ConfigurationText.list($0.listen.map(\.description)) }),
        ConfigurationKey(
            path: "listenMetrics", form: .texts, isLive: false,
            meaning: "The same for Prometheus, which reads /metrics there over HTTP.",
            text: { ConfigurationText.list($0.listenMetrics.map(\.description)) }),
        ConfigurationKey(
            path: "socketMode", form: .text, isLive: false,
            meaning: "Access rights of the Unix sockets in listen and listenMetrics, in octal.",
            text: { ConfigurationText.mode($0.socketMode) }),
        ConfigurationKey(
            path: "allowRemote", form: .flag, isLive: false,
            meaning: "Whether TCP sockets may be reached from other machines. There is no encryption: see to it.",
            text: { "\($0.allowRemote)" }),
        ConfigurationKey(
            path: "eventLoops", form: .number, isLive: false,
            meaning: "Threads that serve connections. By default half as many as there are processors.",
            text: { $0.eventLoops.map { "\($0)" } ?? "" }),
        ConfigurationKey(
            path: "exitWhenIdle", form: .time, isLive: true,
            meaning: "End when nobody was connected for so long; systemd starts the service again. By default never.",
            text: { $0.exitWhenIdle.map { ConfigurationText.time($0 / 1_000_000) } ?? "" }),
        ConfigurationKey(
            path: "stateDirectory", form: .text, isLive: false,
            meaning: "Where articles are kept. By default what StateDirectory= of the unit says.",
            text: { $0.stateDirectory ?? "" }),
        ConfigurationKey(
            path: "logLevel", form: .text, isLive: true,
            meaning: "The least that is written to the journal: error, warning, notice, info or debug.",
            text: { $0.logLevel.name }),
        ConfigurationKey(
            path: "slowRequest", form: .time, isLive: true,
            meaning:
                "Requests that take so long or longer are told of in the journal, stage by stage; 0: none. Streams are not among them.",
            text: { ConfigurationText.time($0.slowRequestMilliseconds) }),
    ]
}
