// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxRuntime

/// The directory for a plugin's own files, such as an index: `articled_start.directory`.
enum PluginOwnDirectory {
    /// Creates the plugin's directory in the state directory, unless it exists.
    ///
    /// - Returns: its path.
    static func prepare(for plugin: PluginLibrary, in stateDirectory: String) throws(PluginError) -> String {
        let path = "\(stateDirectory)/\(plugin.name)"
        if unsafe mkdir(path, 0o700) != 0 {
            let error = SystemError("mkdir")
            guard error.code == EEXIST else {
                throw PluginError(
                    plugin.path,
                    "needs the directory \(path), which cannot be created: \(error); the service's user must be able to "
                        + "write in \(stateDirectory), and there must be space")
            }
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw PluginError(
                plugin.path, "needs the directory \(path), but there is something else in its place; move that away")
        }
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
            throw PluginError(
                plugin.path,
                "needs the directory \(path): \(SystemError("access")); it must belong to the service's user, with mode "
                    + "0700")
        }
        return path
    }
}
