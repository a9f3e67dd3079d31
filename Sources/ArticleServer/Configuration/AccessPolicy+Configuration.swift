internal import JSONTree

extension AccessPolicy {
    /// The section `access`. Names are looked up now, in the databases that getpwnam(3) and getgrnam(3) read.
    init(_ section: ConfigurationSection, owner: UInt32) {
        self.init(owner: owner)
        for (key, role) in Self.names {
            let part = section.section(key)
            for user in part.accounts("users", Account.user) { users[user, default: 0] |= role }
            for group in part.accounts("groups", Account.group) { groups[group, default: 0] |= role }
            if part.bool("everyone") == true { everyone |= role }
            part.finish()
        }
        if let given = section.roles("socketGroup") { socketGroup = given }
        if let given = section.roles("tcp") { tcp = given }
        section.finish()
    }

    static let names = [("read", read), ("write", write), ("administer", administer)]
}

extension ConfigurationSection {
    /// An array of role names as a set.
    fileprivate func roles(_ key: String) -> AccessPolicy.Roles? {
        guard let names = strings(key) else { return nil }
        var roles: AccessPolicy.Roles = 0
        for (index, name) in names.enumerated() {
            if let role = AccessPolicy.names.first(where: { $0.0 == name }) {
                roles |= role.1
            } else {
                problem("\(key)[\(index)]", "\"\(name)\" is none of read, write, administer")
            }
        }
        return roles
    }

    /// An array of names or numbers as numbers.
    fileprivate func accounts(_ key: String, _ lookUp: (String) -> UInt32?) -> [UInt32] {
        (array(key) ?? []).enumerated().compactMap { index, element in
            switch element {
            case .integer(let number):
                // The highest number stands for "none" in the kernel's interfaces.
                if let number = UInt32(exactly: number), number != .max { return number }
                problem("\(key)[\(index)]", "\(number) cannot be an id")
            case .string(let name):
                if let number = lookUp(name) { return number }
                problem("\(key)[\(index)]", "there is no \"\(name)\" on this machine")
            default: problem("\(key)[\(index)]", "\(element.kind), where a name or a number belongs")
            }
            return nil
        }
    }
}
