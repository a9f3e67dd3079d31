internal import Synchronization

/// Whose words a plugin's log lines are: what `articled_start.log` points at.
final class PluginLog: Sendable {
    let name: String

    /// Lives as long as the process.
    static func immortal(_ name: String) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(PluginLog(name)).toOpaque()
    }

    /// - Parameter pointer: from `immortal`, or NULL.
    static func name(of pointer: UnsafeMutableRawPointer?) -> String {
        guard let pointer = unsafe pointer else { return "plugin" }
        return unsafe Unmanaged<PluginLog>.fromOpaque(pointer).takeUnretainedValue().name
    }

    private init(_ name: String) { self.name = name }
}
