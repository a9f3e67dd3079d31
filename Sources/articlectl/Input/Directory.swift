// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The files below a directory.
enum Directory {
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Fails early if a file or directory is missing or cannot be read.
    static func checkReadable(_ path: String) throws(CommandFailure) {
        guard path != "-", unsafe access(path, R_OK) != 0 else { return }
        throw CommandFailure(.noInput, "\(path): \(SystemText.describing(errno))")
    }

    /// The paths of all regular files below `path`, relative to it, sorted by the names' bytes, so the order is always the
    /// same. Hidden files are skipped, and links to directories are not followed.
    static func files(below path: String) throws(CommandFailure) -> [String] {
        var files: [String] = []
        try collect(path, "", &files)
        return files
    }

    private static func collect(_ root: String, _ prefix: String, _ files: inout [String]) throws(CommandFailure) {
        let path = prefix.isEmpty ? root : root + "/" + prefix
        for name in try names(in: path) {
            let relative = prefix.isEmpty ? name : prefix + "/" + name
            var status = stat()
            guard unsafe lstat(root + "/" + relative, &status) == 0 else { continue }  // gone meanwhile
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try collect(root, relative, &files)
            case S_IFREG: files.append(relative)
            case S_IFLNK where !isDirectory(root + "/" + relative): files.append(relative)
            default: continue
            }
        }
    }

    private static func names(in path: String) throws(CommandFailure) -> [String] {
        guard let directory = unsafe opendir(path) else {
            throw CommandFailure(.noInput, "\(path): \(SystemText.describing(errno))")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// The path without links and dots; the given path if there is no such file.
    static func absolute(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
