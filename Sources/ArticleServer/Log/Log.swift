internal import Glibc
enum Version { static let text = "0.1.0" }
enum Log {
    enum Level: Int { case error = 3, warning, notice, info, debug
        init(pluginLevel: UInt32) { self = Level(rawValue: Int(pluginLevel)) ?? .notice } }
    static func write(_ level: Level, _ m: String, _ f: [String: String] = [:]) { print("\(level): \(m) \(f)") }
    static func error(_ m: String, _ f: [String: String] = [:]) { write(.error, m, f) }
    static func notice(_ m: String, _ f: [String: String] = [:]) { write(.notice, m, f) }
    static func warning(_ m: String, _ f: [String: String] = [:]) { write(.warning, m, f) }
}
enum CString { static func immortal(_ s: String) -> UnsafeMutablePointer<CChar>? { unsafe strdup(s) } }
