internal import CPluginABI

extension PluginLibrary {
    /// What the plugin would not like about its section of a configuration. The plugin need not have been started.
    func problems(in section: [UInt8]) -> [ConfigurationProblem] {
        guard unsafe DescriptorCheck.has(descriptor, \.check), let check = unsafe descriptor.pointee.check else {
            return []
        }
        let (code, text) = unsafe FailureText.collect(capacity: FailureText.list) { failure in
            unsafe section.withUnsafeBytes { bytes in
                unsafe check(articled_bytes(data: bytes.baseAddress, size: bytes.count), failure)
            }
        }
        guard code != 0 else { return [] }
        let path = "plugins.\(name)"
        let lines = text.split(separator: "\n")
        guard !lines.isEmpty else { return [ConfigurationProblem(path, "refused, and the plugin does not say why")] }
        return lines.map { line in
            // "workers: ..." is about a member, anything else about the whole.
            let member = line.prefix { $0 != ":" && !$0.isWhitespace }
            guard !member.isEmpty, line.dropFirst(member.count).hasPrefix(": ") else {
                return ConfigurationProblem(path, String(line))
            }
            return ConfigurationProblem("\(path).\(member)", String(line.dropFirst(member.count + 2)))
        }
    }
}
