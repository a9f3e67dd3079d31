// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file that a command writes for its user, as `--output` names it.
///
/// A regular file is replaced when all was written, so a reader finds the old content or the new one, and a command that
/// fails changes nothing. The new file keeps the mode of the old one, and its owner where the system allows that. Of a
/// symbolic link the target is replaced. A device or a FIFO is written through, and `-` is standard output.
final class OutputFile {
    /// For messages: "news.topics", "standard output".
    let name: String
    /// What a command reports must go elsewhere then.
    let isStandardOutput: Bool
    private let output: Output
    private let descriptor: Int32
    /// Set until the new file has its place.
    private var replacement: Replacement?
    private(set) var bytesWritten = 0

    private struct Replacement {
        let target: String
        /// The name of the new file; nil as long as it has none.
        var temporary: String?
    }

    /// Opens what the content goes to. Says at once what cannot be written, before a long command has done its work.
    /// A FIFO is awaited until something reads it.
    ///
    /// - Parameter unnamed: the new file has no name until it is complete, where the file system allows that: nothing is
    ///   left behind by a command that is killed.
    init(_ path: String, unnamed: Bool = true) throws(CommandFailure) {
        let target = Self.followingLinks(path)
        let (place, direct) = (Self.status(path), Self.status(target, following: false))
        let standardOutput = Self.status(ofDescriptor: STDOUT_FILENO)
        isStandardOutput = path == "-" || place.map { Self.isSame($0, standardOutput) } ?? false
        name = isStandardOutput ? "standard output" : path
        if isStandardOutput {
            descriptor = STDOUT_FILENO
        } else if let place, place.st_mode & S_IFMT != S_IFREG || !Self.isSame(place, direct) {
            guard place.st_mode & S_IFMT != S_IFDIR else { throw Self.failure(path, EISDIR) }
            descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw Self.failure(path, errno) }
        } else {
            if place != nil, unsafe access(path, W_OK) != 0 { throw Self.failure(path, errno) }
            let temporary: String?
            (descriptor, temporary) = try Self.create(beside: target, unnamed: unnamed)
            if let place { Self.copyOwnerAndMode(of: place, to: descriptor) }
            replacement = Replacement(target: target, temporary: temporary)
        }
        output = Output(descriptor: descriptor, name: name, isTerminal: isatty(descriptor) == 1)
    }

    deinit {
        if let temporary = replacement?.temporary { unsafe _ = unlink(temporary) }
        if !isStandardOutput, descriptor >= 0 { close(descriptor) }
    }

    func write(_ bytes: some Collection<UInt8>) throws(CommandFailure) {
        try output.write(bytes: bytes)
        bytesWritten += bytes.count
    }

    func line(_ text: String) throws(CommandFailure) { try write((text + "\n").utf8) }

    func flush() throws(CommandFailure) { try output.flush() }

    /// Puts the content in its place. Without this nothing is replaced.
    func finish() throws(CommandFailure) {
        try output.flush()
        guard var replacement else { return }
        guard fsync(descriptor) == 0 else { throw Self.failure(name, errno) }
        if replacement.temporary == nil {
            replacement.temporary = try Self.giveName(to: descriptor, beside: replacement.target)
            self.replacement = replacement
        }
        // The command may have run for long: what is there now need not be what was there.
        let present = Self.status(replacement.target, following: false)
        guard present == nil || present.map({ $0.st_mode & S_IFMT == S_IFREG }) == true else {
            throw CommandFailure(.io, "cannot write \(name): something else has taken its place meanwhile")
        }
        guard unsafe rename(replacement.temporary ?? "", replacement.target) == 0 else {
            throw Self.failure(name, errno)
        }
        self.replacement = nil
    }

    // MARK: The new file

    private static func create(
        beside target: String, unnamed: Bool
    ) throws(CommandFailure) -> (descriptor: Int32, temporary: String?) {
        if unnamed {
            let flags = O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20000000  // O_TMPFILE, which Glibc's module lacks
            let descriptor = unsafe open(directory(of: target), flags, 0o666)
            if descriptor >= 0 { return (descriptor, nil) }
            // Some file systems have no such files.
            guard errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL else { throw failure(target, errno) }
        }
        for attempt in 0..<100 {
            let temporary = temporaryName(beside: target, attempt)
            let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return (descriptor, temporary) }
            guard errno == EEXIST else { break }
        }
        throw failure(target, errno)
    }

    private static func giveName(to descriptor: Int32, beside target: String) throws(CommandFailure) -> String {
        for attempt in 0..<100 {
            let temporary = temporaryName(beside: target, attempt)
            let link = "/proc/self/fd/\(descriptor)"
            if unsafe linkat(AT_FDCWD, link, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 { return temporary }
            guard errno == EEXIST else { break }
        }
        throw failure(target, errno)
    }

    private static func temporaryName(beside target: String, _ attempt: Int) -> String {
        "\(target).\(getpid())\(attempt == 0 ? "" : "-\(attempt)").new"
    }

    private static func copyOwnerAndMode(of place: stat, to descriptor: Int32) {
        // Only root may give files away; others may keep a group that they belong to.
        let isKept = fchown(descriptor, place.st_uid, place.st_gid) == 0
        if !isKept { _ = fchown(descriptor, uid_t.max, place.st_gid) }
        fchmod(descriptor, place.st_mode & (isKept ? 0o7777 : 0o777))
    }

    // MARK: The place

    /// Where the links lead that the path's last name is, also if there is nothing.
    private static func followingLinks(_ path: String) -> String {
        var path = path
        for _ in 0..<40 {
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return 0 }
                return unsafe readlink(path, start, bytes.count)
            }
            guard count > 0 else { break }
            let link = String(decoding: buffer[..<count], as: UTF8.self)
            path = link.hasPrefix("/") ? link : directory(of: path) + "/" + link
        }
        return path
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func status(_ path: String, following: Bool = true) -> stat? {
        var status = stat()
        return unsafe (following ? stat(path, &status) : lstat(path, &status)) == 0 ? status : nil
    }

    private static func status(ofDescriptor descriptor: Int32) -> stat? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status : nil
    }

    private static func isSame(_ one: stat, _ other: stat?) -> Bool {
        other.map { one.st_dev == $0.st_dev && one.st_ino == $0.st_ino } ?? false
    }

    private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
        CommandFailure(.io, "cannot write \(path): \(SystemText.describing(number))")
    }
}
