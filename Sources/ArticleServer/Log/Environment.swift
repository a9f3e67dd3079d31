internal import Glibc

/// The environment variables that systemd and others set. What is in them is input like any other.
public enum Environment {
    /// Bytes of a value that are believed.
    private static let longest = 4096

    /// The value, unless it is missing, empty or longer than any of ours can be.
    public static func text(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let size = unsafe strnlen(value, longest + 1)
        guard size > 0, size <= longest else { return nil }
        return unsafe String(
            validating: UnsafeRawBufferPointer(start: UnsafeRawPointer(value), count: size), as: UTF8.self)
    }

    /// The first of the directories that systemd names in such as $STATE_DIRECTORY: systemd.exec(5). Throws if it is no
    /// absolute path.
    public static func directory(_ name: String) throws(StartError) -> String? {
        guard let value = text(name) else { return nil }
        let first = String(value.prefix { $0 != ":" })
        guard first.hasPrefix("/") else {
            throw StartError(.configuration, "$\(name) is \"\(value)\": it has to be an absolute path")
        }
        return first
    }
}
