// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// Reads a plugin's descriptor without trusting it. The file may belong to another version, or may not be a plugin.
struct DescriptorCheck {
    private(set) var name = ""
    private(set) var version = ""
    private(set) var runtime = ""
    private(set) var abi = ""
    private(set) var methods: [LoadedMethod] = []
    private(set) var needsStorage = false
    private(set) var needsDirectory = false
    private(set) var after: [String] = []

    private let path: String

    private static let magic: UInt64 = 0x4e49_4c50_4454_5241
    /// The most methods of one plugin.
    private static let maxMethods = 256
    private static let maxNameBytes = 63
    private static let maxAfter = 16
    /// Keys of the section "plugins" that are no plugin's.
    private static let reservedNames = ["directory", "required", "storage"]
    private static let knownFlags = UInt32(ARTICLED_PLUGIN_NEEDS_STORAGE | ARTICLED_PLUGIN_NEEDS_DIRECTORY)
    private static let knownMethodFlags = UInt32(
        ARTICLED_METHOD_STREAM_REQUEST | ARTICLED_METHOD_STREAM_RESPONSE | ARTICLED_METHOD_IDEMPOTENT
            | ARTICLED_METHOD_ENDLESS)

    init(_ descriptor: UnsafePointer<articled_plugin>, path: String) throws(PluginError) {
        self.path = path
        guard unsafe descriptor.pointee.magic == Self.magic else {
            throw wrong("the descriptor does not begin with ARTICLED_PLUGIN_MAGIC; it is not an articled plugin")
        }
        let major = unsafe descriptor.pointee.abi >> 16
        abi = "\(major).\(unsafe descriptor.pointee.abi & 0xffff)"
        guard major == UInt32(ARTICLED_ABI_MAJOR) else {
            let age = major < UInt32(ARTICLED_ABI_MAJOR) ? "an older articled" : "a newer articled"
            throw wrong(
                "was built for \(age), with plugin ABI \(abi); this one has \(ARTICLED_ABI_MAJOR).\(ARTICLED_ABI_MINOR). "
                    + "Rebuild the plugin with the HandlerKit or the articled_plugin.h of articled \(Version.text). The "
                    + "plugins of the package articled come with it: if this is one of them, install the package again")
        }
        guard unsafe Self.has(descriptor, \.start) else {
            throw wrong("the descriptor says it has \(unsafe descriptor.pointee.size) bytes, too few to hold `start`")
        }
        name = unsafe try text(unsafe descriptor.pointee.name, "name")
        version = unsafe try text(unsafe descriptor.pointee.version, "version")
        runtime = unsafe try text(unsafe descriptor.pointee.runtime, "runtime")
        guard Self.isPluginName(name) else {
            throw wrong("its name \"\(name)\" is not of the form [a-z][a-z0-9-]*, or longer than 63 bytes")
        }
        guard !Self.reservedNames.contains(name) else {
            throw wrong("its name \"\(name)\" is a key of the configuration's own section of plugins")
        }
        guard runtime == "none" || runtime == SwiftRuntime.name else {
            throw wrong(
                "was built for the runtime \(runtime), which a plugin shares with articled; this articled has "
                    + "\(SwiftRuntime.name). Build it with that compiler")
        }
        let flags = unsafe descriptor.pointee.flags
        guard flags & ~Self.knownFlags == 0 else {
            throw wrong(
                "it has flags that this articled does not know, \(flags & ~Self.knownFlags); it needs a newer one")
        }
        needsStorage = flags & UInt32(ARTICLED_PLUGIN_NEEDS_STORAGE) != 0
        needsDirectory = flags & UInt32(ARTICLED_PLUGIN_NEEDS_DIRECTORY) != 0
        guard unsafe descriptor.pointee.start != nil else { throw wrong("it has no `start` function") }
        try unsafe readMethods(descriptor)
        try unsafe readAfter(descriptor)
        try unsafe checkStorage(descriptor)
        guard unsafe !methods.isEmpty || Self.storage(of: descriptor) != nil else {
            throw wrong("it provides neither methods nor storage")
        }
    }

    /// The engine's functions, if the plugin has all of them.
    static func storage(of descriptor: UnsafePointer<articled_plugin>) -> UnsafePointer<articled_storage>? {
        guard unsafe has(descriptor, \.storage), let table = unsafe descriptor.pointee.storage else { return nil }
        return unsafe table
    }

    /// An engine must write, tell statistics, and read in one of the two ways.
    private func checkStorage(_ descriptor: UnsafePointer<articled_plugin>) throws(PluginError) {
        guard let table = unsafe Self.storage(of: descriptor) else { return }
        // All members are those of the first version.
        guard unsafe table.pointee.size >= MemoryLayout<articled_storage>.size else {
            throw wrong("its table of storage functions says it has \(unsafe table.pointee.size) bytes, too few")
        }
        guard unsafe table.pointee.write != nil, unsafe table.pointee.statistics != nil else {
            throw wrong("one of its storage functions is NULL: write, statistics")
        }
        let lends = unsafe table.pointee.get != nil && table.pointee.get_by_key != nil && table.pointee.scan != nil
        guard unsafe lends || table.pointee.read != nil else {
            throw wrong("it has neither the storage functions get, get_by_key and scan, nor read")
        }
    }

    /// Whether the plugin's descriptor is large enough to have a member.
    static func has<Value>(
        _ descriptor: UnsafePointer<articled_plugin>, _ member: KeyPath<articled_plugin, Value>
    ) -> Bool {
        guard let offset = unsafe MemoryLayout<articled_plugin>.offset(of: member) else { return false }
        return unsafe Int(descriptor.pointee.size) >= offset + MemoryLayout<Value>.size
    }

    private mutating func readMethods(_ descriptor: UnsafePointer<articled_plugin>) throws(PluginError) {
        let count = unsafe Int(descriptor.pointee.method_count)
        guard count > 0 else { return }
        guard count <= Self.maxMethods, let table = unsafe descriptor.pointee.methods else {
            throw wrong("it announces \(count) methods; at most \(Self.maxMethods) are allowed, in a table")
        }
        guard unsafe Self.has(descriptor, \.handle), unsafe descriptor.pointee.handle != nil else {
            throw wrong("it has methods, and no `handle` function")
        }
        for index in 0..<count {
            guard let method = unsafe table[index], unsafe method.pointee.size >= MemoryLayout<articled_method>.size
            else {
                throw wrong("method \(index) is NULL or too short")
            }
            let name = unsafe try text(unsafe method.pointee.name, "name of method \(index)")
            guard Self.isMethodName(name) else {
                throw wrong("\"\(name)\" is not a method name: two or more words of [a-z][a-zA-Z0-9]*, with dots")
            }
            guard !name.hasPrefix("service.") else { throw wrong("\(name): the names service.* are articled's own") }
            guard !methods.contains(where: { $0.name == name }) else { throw wrong("it has the method \(name) twice") }
            let role = unsafe method.pointee.role
            guard
                [ARTICLED_ROLE_READ, ARTICLED_ROLE_WRITE, ARTICLED_ROLE_ADMIN].contains(where: { UInt32($0) == role })
            else {
                throw wrong("\(name): its role is \(role), which is none of ARTICLED_ROLE_*")
            }
            let flags = unsafe method.pointee.flags
            guard flags & ~Self.knownMethodFlags == 0 else {
                throw wrong("\(name): it has flags that this articled does not know, \(flags & ~Self.knownMethodFlags)")
            }
            unsafe methods.append(
                LoadedMethod(
                    name: name, requestType: try text(unsafe method.pointee.request_type, "request type of \(name)"),
                    responseType: unsafe try text(unsafe method.pointee.response_type, "response type of \(name)"),
                    flags: flags, role: role))
        }
    }

    private mutating func readAfter(_ descriptor: UnsafePointer<articled_plugin>) throws(PluginError) {
        guard unsafe Self.has(descriptor, \.after_count) else { return }
        let count = unsafe Int(descriptor.pointee.after_count)
        guard count > 0 else { return }
        guard count <= Self.maxAfter, let names = unsafe descriptor.pointee.after else {
            throw wrong("it names \(count) plugins in `after`; at most \(Self.maxAfter) are allowed, in a table")
        }
        for index in 0..<count {
            let name = unsafe try text(unsafe names[index], "name \(index) in `after`")
            guard Self.isPluginName(name) else { throw wrong("\"\(name)\" in `after` is not a plugin's name") }
            after.append(name)
        }
    }

    private func text(_ pointer: UnsafePointer<CChar>?, _ what: String) throws(PluginError) -> String {
        guard let pointer = unsafe pointer else { throw wrong("its \(what) is NULL") }
        var length = 0
        while length <= 255, unsafe pointer[length] != 0 { length += 1 }
        guard length > 0, length <= 255 else { throw wrong("its \(what) is empty or longer than 255 bytes") }
        let bytes = unsafe UnsafeRawBufferPointer(start: pointer, count: length)
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
            throw wrong("its \(what) is not UTF-8")
        }
        return text
    }

    private static func isMethodName(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return name.utf8.count <= maxNameBytes && words.count >= 2
            && words.allSatisfy { word in
                guard let first = word.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
                    return false
                }
                return word.allSatisfy(isAlphanumeric)
            }
    }

    /// `[a-z][a-z0-9-]*`, at most 63 bytes.
    static func isPluginName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= maxNameBytes else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-")
                    || isAlphanumeric(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private func wrong(_ reason: String) -> PluginError { PluginError(path, reason) }
}
