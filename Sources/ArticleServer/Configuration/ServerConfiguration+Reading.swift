internal import JSONTree

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
