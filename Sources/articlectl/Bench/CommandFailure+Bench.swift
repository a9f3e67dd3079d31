extension CommandFailure {
    static func unavailable(_ message: String) -> CommandFailure { CommandFailure(.unavailable, message) }
    static func noInput(_ message: String) -> CommandFailure { CommandFailure(.noInput, message) }
    static func foreign(_ message: String) -> CommandFailure { CommandFailure(.protocol, message) }
}
