// SPDX-License-Identifier: Apache-2.0
/// Why articled did not start, or did not accept a new configuration: for the person who must repair it.
public struct StartError: Error, CustomStringConvertible, Sendable, Equatable {
    /// What must be repaired.
    public struct Code: Sendable, Hashable {
        /// The exit status, of sysexits(3).
        public let exitStatus: Int32

        /// The command line: EX_USAGE.
        public static let usage = Code(exitStatus: 64)
        /// A plugin, or the lack of one: EX_UNAVAILABLE.
        public static let plugin = Code(exitStatus: 69)
        /// What the system refused, such as an address that is in use: EX_OSERR.
        public static let system = Code(exitStatus: 71)
        /// The configuration, or what systemd passed: EX_CONFIG.
        public static let configuration = Code(exitStatus: 78)
    }

    /// What must be repaired.
    public let code: Code
    /// What was wrong, where, and what to do. A problem in a file may have further lines, which show the place.
    public let problems: [String]
    /// The lines of all problems, for a log.
    public var lines: [String] { problems.flatMap { $0.split(separator: "\n").map(String.init) } }

    /// An error with one or more problems, all found at once.
    public init(_ code: Code, _ problems: [String]) {
        self.code = code
        self.problems = problems
    }

    /// An error with one problem.
    public init(_ code: Code, _ problem: String) { self.init(code, [problem]) }

    public var description: String { problems.joined(separator: "\n") }
}
