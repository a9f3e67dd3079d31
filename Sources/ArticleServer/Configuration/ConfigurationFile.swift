// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import JSONTree
internal import LinuxRuntime

/// Finds and reads the configuration file.
public enum ConfigurationFile {
    /// Its name in a configuration directory.
    static let name = "articled.json5"
    private static let packaged = "/etc/articled/\(name)"
    /// Bytes.
    static let maxSize = 1 << 20

    /// Reads the given file. Without one: the file in $CONFIGURATION_DIRECTORY, or the system's; without that the defaults.
    ///
    /// Throws if the file cannot be read, or is not JSON5.
    public static func read(_ given: String?) throws(StartError) -> ConfigurationReading {
        let owner = geteuid()
        if let given { return try ConfigurationReading(of: given, bytes(given), owner: owner) }
        var path = packaged
        if let directory = try ProcessEnvironment.directory("CONFIGURATION_DIRECTORY") { path = "\(directory)/\(name)" }
        if unsafe access(path, F_OK) == 0 { return try ConfigurationReading(of: path, bytes(path), owner: owner) }
        return ConfigurationReading(configuration: ServerConfiguration(owner: owner), source: nil, problems: [])
    }

    private static func bytes(_ path: String) throws(StartError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StartError(.configuration, "\(path): \(SystemError.text(of: errno))") }
        defer { _ = close(descriptor) }
        // The configuration names code to load.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0,
            status.st_mode & S_IFMT != S_IFREG || status.st_mode & S_IWOTH == 0
        else {
            throw StartError(
                .configuration, "\(path): every user may write to it; check its content, then run chmod o-w \(path)")
        }
        return try contents(descriptor, path)
    }

    /// The content of an open file: at most one byte more than `maxSize`.
    static func contents(_ descriptor: Int32, _ path: String) throws(StartError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: maxSize + 1)
        var count = 0
        while count < bytes.count {
            let more = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw StartError(.configuration, "\(path): \(SystemError.text(of: errno))") }
            if more == 0 { break }
            count += more
        }
        return Array(bytes[..<count])
    }
}

/// The result of reading a configuration: what could be understood, and everything that is wrong.
public struct ConfigurationReading: Sendable {
    /// Members that are wrong have their defaults here.
    public var configuration: ServerConfiguration
    /// nil for the defaults, which come from no file.
    public let source: ConfigurationSource?
    public let problems: [ConfigurationProblem]

    init(configuration: ServerConfiguration, source: ConfigurationSource?, problems: [ConfigurationProblem]) {
        self.configuration = configuration
        self.source = source
        self.problems = problems
    }

    init(of path: String, _ bytes: [UInt8], owner: UInt32) throws(StartError) {
        let source = try ConfigurationSource(path: path, bytes)
        let (configuration, problems) = ServerConfiguration.reading(source.document, owner: owner)
        self.init(configuration: configuration, source: source, problems: problems)
    }

    /// The configuration. Throws if anything is wrong with it.
    public func checked() throws(StartError) -> ServerConfiguration {
        guard problems.isEmpty else { throw error(problems) }
        return configuration
    }

    /// Whether the directory of the plugins is not known.
    var isPluginDirectoryWrong: Bool {
        problems.contains { $0.path == JSONPath([.member("plugins"), .member("directory")]) }
    }

    /// An error that reports all these problems, with their places.
    public func error(_ problems: [ConfigurationProblem]) -> StartError {
        StartError(.configuration, source?.text(of: problems) ?? problems.map(\.description))
    }
}
