// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The files below a directory. Paths are as `FileName` has them.
enum Directory {
    static func isDirectory(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Follows links.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe FileName.withBytes(of: path) { unsafe stat($0, &status) } == 0 ? status : nil
    }

    /// Fails early if a file or directory is missing or cannot be read.
    static func checkReadable(_ path: String) throws(CommandFailure) {
        guard path != "-", unsafe FileName.withBytes(of: path, { unsafe access($0, R_OK) }) != 0 else { return }
        throw CommandFailure(.noInput, "\(FileName.shown(path)): \(SystemText.describing(errno))")
    }

    /// What is in a directory and all below it.
    struct Survey {
        /// The paths of all files, relative to the directory, sorted by the names' bytes, so the order is always the same.
        /// Hidden files are skipped.
        fileprivate(set) var files: [String] = []
        /// What could not be looked into, and why: content may be missing.
        fileprivate(set) var problems: [String] = []
        /// What is passed over, and misses nothing: links back, sockets and devices.
        fileprivate(set) var remarks: [String] = []
        /// Folders that were entered, so that links lead into each at most once.
        fileprivate var entered: Set<Node> = []
        fileprivate var links: [String] = []
    }

    /// What makes two paths the same file.
    fileprivate struct Node: Hashable {
        let device: dev_t
        let number: ino_t

        init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
    }

    /// Looks at everything below `path`. A link to a folder is followed, unless the folder was entered already or contains this
    /// one.
    ///
    /// - Throws: if the directory itself cannot be read.
    static func survey(below path: String) throws(CommandFailure) -> Survey {
        var survey = Survey()
        let names = try names(in: path)
        if let status = status(path) { survey.entered.insert(Node(status)) }
        let ancestors = ancestors(of: path)
        collect(path, "", names, &survey)
        // Behind the folders themselves, so that a file is known by its own path.
        while !survey.links.isEmpty {
            let link = survey.links.removeFirst()
            guard let status = status(path + "/" + link) else { continue }
            let shown = FileName.shown(path + "/" + link)
            if ancestors.contains(Node(status)) {
                survey.remarks.append("\(shown): a link to a folder that contains this one is not followed")
            } else if survey.entered.insert(Node(status)).inserted {
                enter(path, link, &survey)
            }
        }
        survey.files.sort { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        return survey
    }

    private static func collect(_ root: String, _ prefix: String, _ names: [String], _ survey: inout Survey) {
        for name in names {
            let relative = prefix.isEmpty ? name : prefix + "/" + name
            var status = stat()
            guard unsafe FileName.withBytes(of: root + "/" + relative, { unsafe lstat($0, &status) }) == 0 else {
                // It may be gone meanwhile.
                if errno != ENOENT { survey.problems.append(problem(root, relative)) }
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: if survey.entered.insert(Node(status)).inserted { enter(root, relative, &survey) }
            case S_IFREG: survey.files.append(relative)
            case S_IFLNK where isDirectory(root + "/" + relative): survey.links.append(relative)
            case S_IFLNK: survey.files.append(relative)
            default: survey.remarks.append("\(FileName.shown(root + "/" + relative)): neither a file nor a folder")
            }
        }
    }

    private static func enter(_ root: String, _ relative: String, _ survey: inout Survey) {
        do throws(CommandFailure) {
            let names = try names(in: root + "/" + relative)
            collect(root, relative, names, &survey)
        } catch {
            survey.problems.append("\(error.message); all that is in it is left out")
        }
    }

    private static func problem(_ root: String, _ relative: String) -> String {
        let path = FileName.shown(root + "/" + relative)
        let name = path.utf8.count > 200 ? path.prefix(80) + "..." + path.suffix(80) : path[...]
        return "\(name): \(SystemText.describing(errno)); it is left out"
    }

    private static func ancestors(of path: String) -> Set<Node> {
        var ancestors: Set<Node> = []
        var path = absolute(path)
        while let slash = path.lastIndex(of: "/") {
            path = String(path[..<slash])
            if let status = status(path.isEmpty ? "/" : path) { ancestors.insert(Node(status)) }
        }
        return ancestors
    }

    private static func names(in path: String) throws(CommandFailure) -> [String] {
        guard let directory = unsafe FileName.withBytes(of: path, { unsafe opendir($0) }) else {
            throw CommandFailure(.noInput, "\(FileName.shown(path)): \(SystemText.describing(errno))")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe FileName.text(bytes.prefix { $0 != 0 })
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// The path without links and dots; the given path if there is no such file.
    static func absolute(_ path: String) -> String {
        guard let real = unsafe FileName.withBytes(of: path, { unsafe realpath($0, nil) }) else { return path }
        defer { unsafe free(real) }
        return unsafe FileName.text(UnsafeRawBufferPointer(start: real, count: strlen(real)))
    }
}
