internal import Glibc

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
}
