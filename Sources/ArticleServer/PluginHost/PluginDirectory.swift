internal import Glibc
internal import LinuxRuntime

/// Which files of the plugin directory are plugins.
enum PluginDirectory {
    /// The paths of all `*.so` in `directory`, by name.
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
            throw PluginError(directory, "no plugin (*.so) is there; name the right directory with --plugins")
        }
        return names.sorted().map { "\(directory)/\($0)" }
    }

    /// Where plugins are if nobody says: beside the program, where a package puts them, or among what was just built.
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
