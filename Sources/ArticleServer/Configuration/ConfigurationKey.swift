// SPDX-License-Identifier: Apache-2.0
/// One key of the configuration: tells what differs between two configurations.
public struct ConfigurationKey: Sendable {
    /// "limits.frame"
    public let path: String
    /// Whether a reload is enough; otherwise the key takes effect at the next start.
    public let isLive: Bool
    /// The value in a configuration, as a person may write it there.
    let text: @Sendable (ServerConfiguration) -> String

    /// The same for each key that the path stands for: itself, but for a path with a NAME in it.
    let members: @Sendable (ServerConfiguration) -> [String: String]

    init(_ path: String, isLive: Bool = true, text: @escaping @Sendable (ServerConfiguration) -> String) {
        self.path = path
        self.isLive = isLive
        self.text = text
        members = { [path: text($0)] }
    }

    /// For any number of keys, which a configuration names: "plugins.NAME".
    init(eachOf path: String, members: @escaping @Sendable (ServerConfiguration) -> [String: String]) {
        self.path = path
        isLive = true
        text = { ConfigurationText.list(members($0).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }) }
        self.members = members
    }

    /// Every key, in the order of the example configuration. Tests compare them with the reader and with that example.
    public static let all =
        ServerConfiguration.keys + TLSSettings.keys + ServiceLimits.keys + AccessPolicy.keys + PluginSettings.keys

    /// The default.
    public var standard: String { text(ServerConfiguration(owner: 0)) }
}

extension ServerConfiguration {
    /// The keys whose values differ. A plugin's section is one key, by the plugin's name.
    public func differences(to other: ServerConfiguration) -> [ConfigurationKey] {
        ConfigurationKey.all.flatMap { key in
            let (before, after) = (key.members(self), key.members(other))
            return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { path in
                ConfigurationKey(path, isLive: key.isLive) { key.members($0)[path] ?? "" }
            }
        }
    }
}

/// Values of a configuration as a person may write them.
enum ConfigurationText {
    static func list(_ texts: [String]) -> String { "[\(texts.joined(separator: ", "))]" }

    static func mode(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }

    static func time(_ milliseconds: some BinaryInteger) -> String {
        milliseconds == 0 ? "0" : TimeText.of(nanoseconds: UInt64(clamping: milliseconds) &* 1_000_000)
    }

    static func size(_ bytes: Int) -> String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size) \(unit)"
        }
        return "\(bytes) B"
    }

    static func roles(_ roles: AccessPolicy.Roles) -> String {
        list(AccessPolicy.names.filter { roles & $0.1 != 0 }.map(\.0))
    }

    /// The certificates that have a role.
    static func certificates(_ names: [CertificateName: AccessPolicy.Roles], _ role: AccessPolicy.Roles) -> String {
        list(names.filter { $0.value & role != 0 }.keys.map(\.description).sorted())
    }

    /// The ids that have a role.
    static func accounts(_ accounts: [UInt32: AccessPolicy.Roles], _ role: AccessPolicy.Roles) -> String {
        list(accounts.filter { $0.value & role != 0 }.keys.sorted().map { "\($0)" })
    }
}
