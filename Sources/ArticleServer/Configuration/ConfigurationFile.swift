internal import Glibc
internal import JSONTree
internal import LinuxRuntime

/// Where the configuration comes from.
public enum ConfigurationFile {
    /// Its name in a configuration directory.
    static let name = "articled.json5"
    private static let packaged = "/etc/articled/\(name)"

    /// Reads the file that is given, or the one in $CONFIGURATION_DIRECTORY, or the system's; the defaults if there is none
    /// of them.
    ///
    /// - Throws: if it cannot be read at all.
    public static func read(_ given: String?) throws(StartError) -> ConfigurationReading {
        let owner = geteuid()
        if let given { return try reading(try bytes(given), given, owner) }
        var places = [packaged]
        if let directory = try ProcessEnvironment.directory("CONFIGURATION_DIRECTORY") {
            places = ["\(directory)/\(name)"]
        }
        for path in places where unsafe access(path, F_OK) == 0 {
            return try reading(try bytes(path), path, owner)
        }
        return ConfigurationReading(configuration: ServerConfiguration(owner: owner), source: nil, problems: [])
    }

    private static func reading(
        _ bytes: [UInt8], _ path: String, _ owner: UInt32
    ) throws(StartError) -> ConfigurationReading {
        do {
            let (configuration, problems) = try ServerConfiguration.reading(bytes, owner: owner)
            return ConfigurationReading(
                configuration: configuration, source: ConfigurationSource(path: path, bytes), problems: problems)
        } catch {
            throw StartError(error.code, error.problems.map { "\(path): \($0)" })
        }
    }

    private static func bytes(_ path: String) throws(StartError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StartError(.configuration, "\(path): \(SystemError.text(of: errno))") }
        defer { _ = close(descriptor) }
        // It says which code to load.
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0,
            status.st_mode & S_IFMT != S_IFREG || status.st_mode & S_IWOTH == 0
        else {
            throw StartError(
                .configuration, "\(path): everybody may write to it; if it is still yours, chmod o-w it")
        }
        return try contents(descriptor, path)
    }

    /// What is in an open file: at most one byte more than a configuration may have.
    static func contents(_ descriptor: Int32, _ path: String) throws(StartError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: JSONValue.longest + 1)
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
