// SPDX-License-Identifier: Apache-2.0
internal import ArticleURL
internal import JSONTree
internal import TLSTransport

/// The configuration of articled, checked.
public struct ServerConfiguration: Sendable, Equatable {
    /// Sockets to bind ourselves, beside those that are inherited.
    public var listen: [ListenAddress] = []
    /// Sockets to bind for Prometheus, beside those that are inherited.
    public var listenMetrics: [ListenAddress] = []
    /// Whether TCP sockets may be reached from other machines.
    public var allowRemote = false
    /// Whether other machines may reach TCP sockets for articles without TLS.
    public var allowPlaintext = false
    /// nil: TCP connections are not encrypted.
    public var tls: TLSSettings?
    /// Access rights of the Unix sockets that we bind.
    public var socketMode: UInt32 = 0o660
    public var limits = ServiceLimits()
    public var access: AccessPolicy
    /// nil: half as many as there are processors.
    public var eventLoops: Int?
    /// The process ends when nobody has been connected for so long, in nanoseconds; nil: never.
    public var exitWhenIdle: UInt64?
    /// Where storage engines keep their files; nil: the environment decides.
    public var stateDirectory: String?
    public var logLevel = Log.Level.info
    /// Requests that take so long or longer are reported in the journal; 0: none.
    public var slowRequestMilliseconds = 1000
    public var plugins = PluginSettings()

    /// Whether sockets for articles may be reached from other machines as far as encryption is concerned.
    public var allowsPlaintext: Bool { tls != nil || allowPlaintext }

    /// For people: what works, and should be changed.
    public var warnings: [String] { plugins.renamed + (tls?.warnings ?? []) }

    /// `slowRequestMilliseconds` as a bound to compare with.
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
    /// Reads a configuration in JSON5. Throws everything that is wrong with it, each with its path.
    public init(json5: [UInt8], owner: UInt32) throws(StartError) {
        let reading = try ConfigurationReading(of: "configuration", json5, owner: owner)
        guard reading.problems.isEmpty else {
            throw StartError(.configuration, reading.problems.map(\.description))
        }
        self = reading.configuration
    }

    /// What can be understood of a configuration, and everything that is wrong.
    static func reading(_ document: JSONDocument, owner: UInt32) -> (ServerConfiguration, [ConfigurationProblem]) {
        let problems = ConfigurationProblems()
        var configuration = ServerConfiguration(owner: owner)
        switch document.value {
        case .members(let members):
            configuration = ServerConfiguration(ConfigurationSection(JSONPath(), members, problems), owner: owner)
        case let other: problems.add(JSONPath(), "must be an object, { ... }, is \(other.kind)")
        }
        // A reader takes one of the two, and nobody knows which one was meant.
        let duplicates = document.repetitions.map {
            ConfigurationProblem(
                $0.path, "duplicate member; the first is in line \(document.place(of: $0.first).line)", at: $0.second)
        }
        return (configuration, problems.found + duplicates)
    }

    private init(_ section: ConfigurationSection, owner: UInt32) {
        self.init(owner: owner)
        if let allowed = section.bool("allowRemote") { allowRemote = allowed }
        if let allowed = section.bool("allowPlaintext") { allowPlaintext = allowed }
        let encryption = section.section("tls")
        tls = TLSSettings.read(encryption)
        // If something is wrong with the section, that alone is reported.
        listen = section.addresses(
            "listen", allowRemote: allowRemote, allowPlaintext: allowsPlaintext || encryption.hasProblem)
        listenMetrics = section.addresses("listenMetrics", allowRemote: allowRemote, allowPlaintext: true)
        if let mode = section.string("socketMode") {
            if let number = UInt32(mode, radix: 8), number <= 0o777, mode.utf8.count <= 4 {
                socketMode = number
            } else {
                section.problem("socketMode", "must be an octal number such as \"0660\", is \"\(mode)\"")
            }
        }
        limits = ServiceLimits(section.section("limits"))
        access = AccessPolicy(section.section("access"), owner: owner)
        if !access.certificates.isEmpty, tls?.clientCertificates ?? .ignored == .ignored, !encryption.hasProblem {
            section.problem(
                "access",
                "names certificates, but no client has one: set tls.clientCertificates to \"required\" or "
                    + "\"optional\"")
        }
        eventLoops = section.integer("eventLoops", in: 1...256)
        exitWhenIdle = section.milliseconds("exitWhenIdle", in: 100...604_800_000).map {
            UInt64(clamping: $0) &* 1_000_000
        }
        stateDirectory = section.path("stateDirectory")
        if let level = section.choice("logLevel", of: Log.Level.allCases.map { ($0.name, $0) }) { logLevel = level }
        if let limit = section.milliseconds("slowRequest", in: 0...3_600_000) { slowRequestMilliseconds = limit }
        plugins = PluginSettings(section.section("plugins"))
        for (index, name) in section.strings("stripQuery") ?? [] {
            do throws(URLRules.Problem) {
                plugins.strippedParameters += try URLRules(strippedParameters: [name]).strippedParameters
            } catch {
                section.problem("stripQuery", index, error.description)
            }
        }
        section.finish()
    }
}

extension ConfigurationSection {
    /// An array of addresses to listen on.
    fileprivate func addresses(_ key: String, allowRemote: Bool, allowPlaintext: Bool) -> [ListenAddress] {
        (strings(key) ?? []).compactMap { index, text in
            do throws(StartError) {
                let address = try ListenAddress(text)
                if !address.isLocal, !allowRemote {
                    problem(key, index, "other machines can reach \(text), and allowRemote is false")
                } else if !address.isLocal, !allowPlaintext {
                    problem(key, index, "\(text) \(Listener.plaintextProblem)")
                }
                return address
            } catch {
                problem(key, index, error.description)
                return nil
            }
        }
    }
}

extension ServerConfiguration {
    /// The keys that are in no section, in the order of the example configuration.
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("listen", isLive: false) { ConfigurationText.list($0.listen.map(\.description)) },
        ConfigurationKey("listenMetrics", isLive: false) {
            ConfigurationText.list($0.listenMetrics.map(\.description))
        },
        ConfigurationKey("socketMode", isLive: false) { ConfigurationText.mode($0.socketMode) },
        ConfigurationKey("allowRemote", isLive: false) { "\($0.allowRemote)" },
        ConfigurationKey("allowPlaintext", isLive: false) { "\($0.allowPlaintext)" },
        ConfigurationKey("eventLoops", isLive: false) { $0.eventLoops.map { "\($0)" } ?? "" },
        ConfigurationKey("exitWhenIdle") { $0.exitWhenIdle.map { ConfigurationText.time($0 / 1_000_000) } ?? "" },
        ConfigurationKey("stateDirectory", isLive: false) { $0.stateDirectory ?? "" },
        ConfigurationKey("stripQuery", isLive: false) { ConfigurationText.list($0.plugins.strippedParameters) },
        ConfigurationKey("logLevel") { $0.logLevel.name },
        ConfigurationKey("slowRequest") { ConfigurationText.time($0.slowRequestMilliseconds) },
    ]
}
