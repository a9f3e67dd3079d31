// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI
internal import Glibc
internal import JSONTree
internal import LinuxRuntime

/// A plugin's library in this process, with a checked descriptor.
///
/// The library is never unmapped, because a language's runtime keeps pointers into it.
@safe struct PluginLibrary: @unchecked Sendable {  // the descriptor is constant and lives as long as the process
    let path: String
    let name: String
    let version: String
    let runtime: String
    /// "1.0"
    let abi: String
    let methods: [LoadedMethod]
    let needsStorage: Bool
    let needsDirectory: Bool
    /// Names of plugins that start before this one.
    let after: [String]
    let descriptor: UnsafePointer<articled_plugin>

    var providesStorage: Bool { unsafe DescriptorCheck.storage(of: descriptor) != nil }

    /// Maps the library and checks its descriptor. Calls only the function that returns the descriptor.
    init(opening path: String) throws(PluginError) {
        try Self.checkFile(path)
        _ = unsafe dlerror()
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw PluginError(path, "cannot be loaded: \(Self.linkerMessage())")
        }
        guard let symbol = unsafe dlsym(handle, ARTICLED_PLUGIN_SYMBOL) else {
            throw PluginError(
                path,
                "is not an articled plugin: it has no symbol \(ARTICLED_PLUGIN_SYMBOL); remove it from the plugin directory"
            )
        }
        let function = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<articled_plugin>?).self)
        guard let descriptor = unsafe function() else {
            throw PluginError(path, "\(ARTICLED_PLUGIN_SYMBOL)() answered NULL")
        }
        let check = try unsafe DescriptorCheck(descriptor, path: path)
        self.path = path
        name = check.name
        version = check.version
        runtime = check.runtime
        abi = check.abi
        methods = check.methods
        needsStorage = check.needsStorage
        needsDirectory = check.needsDirectory
        after = check.after
        unsafe self.descriptor = unsafe descriptor
    }

    /// A library that anyone may write to could contain anyone's code.
    private static func checkFile(_ path: String) throws(PluginError) {
        var status = Glibc.stat()
        guard unsafe stat(path, &status) == 0 else { throw PluginError(path, "\(SystemError("stat"))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw PluginError(path, "is not a file") }
        guard status.st_mode & S_IWOTH == 0 else {
            throw PluginError(path, "is writable by everybody; if its content is still yours, run chmod o-w")
        }
    }

    private static func linkerMessage() -> String {
        guard let message = unsafe dlerror() else { return "unknown reason" }
        return unsafe String(cString: message)
    }
}

extension PluginLibrary {
    /// What is wrong with the plugin's section of a configuration. The plugin need not be started.
    func problems(in settings: PluginSettings) -> [ConfigurationProblem] {
        let json = settings.section(of: name)
        guard unsafe DescriptorCheck.has(descriptor, \.check), let check = unsafe descriptor.pointee.check else {
            return []
        }
        let (code, text) = unsafe FailureText.collect(capacity: FailureText.list) { failure in
            unsafe json.withUnsafeBytes { bytes in
                unsafe check(articled_bytes(data: bytes.baseAddress, size: bytes.count), failure)
            }
        }
        guard code != 0 else { return [] }
        let section = JSONPath([.member("plugins"), .member(name)])
        let lines = text.split(separator: "\n")
        guard !lines.isEmpty else {
            return [ConfigurationProblem(section, "the plugin refused it and did not say why")]
        }
        return lines.map { line in
            // "workers: ..." is about a member, anything else about the whole section.
            guard let (path, text) = JSONPath.leading(line) else { return ConfigurationProblem(section, String(line)) }
            return ConfigurationProblem(
                section + path, text, about: text.hasPrefix(ConfigurationProblem.unknown) ? .name : .value)
        }
    }
}

/// A method from a plugin's descriptor, checked.
struct LoadedMethod: Sendable, Equatable {
    let name: String
    let requestType: String
    let responseType: String
    /// A set of `ARTICLED_METHOD_*`.
    let flags: UInt32
    /// One `ARTICLED_ROLE_*`.
    let role: UInt32
}

/// Where plugins are.
enum PluginDirectory {
    /// The paths of all `*.so` in `directory`, sorted by name.
    static func libraries(in directory: String) throws(PluginError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            throw PluginError(directory, "the plugin directory cannot be read: \(SystemError("opendir"))")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name.hasSuffix(".so"), !name.hasPrefix(".") { names.append(name) }
        }
        guard !names.isEmpty else {
            throw PluginError(directory, "it contains no plugin (*.so); give the right directory with --plugins")
        }
        return names.sorted().map { "\(directory)/\($0)" }
    }

    /// The default directory: beside the program, where a package installs plugins, or in the build directory.
    static func standard() -> String {
        guard let program = executableDirectory() else { return packaged }
        let candidates = ["\(program)/plugins", "\(program)/../lib/articled/plugins", packaged]
        if let found = candidates.first(where: isDirectory) { return found }
        return (try? libraries(in: program)) == nil ? packaged : program
    }

    private static let packaged = "/usr/lib/articled/plugins"

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func executableDirectory() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", start, buffer.count)
        }
        guard count > 0, count < bytes.count, let slash = bytes[..<count].lastIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        return String(decoding: bytes[..<max(slash, 1)], as: UTF8.self)
    }
}

/// A plugin that cannot be used: the file, what is wrong with it, and what to do.
public struct PluginError: Error, Sendable, CustomStringConvertible {
    /// The library's path, or the directory's if no single library is at fault.
    public let path: String
    /// What is wrong, for people.
    public let reason: String

    public init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
