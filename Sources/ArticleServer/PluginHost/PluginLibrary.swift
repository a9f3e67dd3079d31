internal import CPluginABI
internal import Glibc
internal import LinuxRuntime

/// A plugin's library, mapped into the process for good, with a descriptor that was checked.
///
/// The library is never unmapped: a language's runtime keeps pointers into it.
@safe struct PluginLibrary: @unchecked Sendable {  // the descriptor is constant and lives as long as the process
    let path: String
    let name: String
    let version: String
    let runtime: String
    /// "1.0"
    let abi: String
    let methods: [LoadedMethod]
    let needsStorage: Bool
    let descriptor: UnsafePointer<articled_plugin>

    var providesStorage: Bool { unsafe DescriptorCheck.storage(of: descriptor) != nil }

    /// Maps the library and checks all that it says of itself. None of its functions but the one that answers the
    /// descriptor is called.
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
        unsafe self.descriptor = unsafe descriptor
    }

    /// What anyone may write to is anyone's code.
    private static func checkFile(_ path: String) throws(PluginError) {
        var status = Glibc.stat()
        guard unsafe stat(path, &status) == 0 else { throw PluginError(path, "\(SystemError("stat"))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw PluginError(path, "is not a file") }
        guard status.st_mode & S_IWOTH == 0 else {
            throw PluginError(path, "may be written to by everybody; if it is still yours, chmod o-w it")
        }
    }

    private static func linkerMessage() -> String {
        guard let message = unsafe dlerror() else { return "unknown reason" }
        return unsafe String(cString: message)
    }
}
