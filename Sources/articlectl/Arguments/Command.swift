// SPDX-License-Identifier: Apache-2.0
/// A command of articlectl: one type, one file.
protocol Command: Sendable {
    static var description: CommandDescription { get }

    /// Takes what it needs from a command line that fits its description.
    ///
    /// - Throws: ``CommandFailure`` of code ``ExitCode/usage`` for values that make no sense.
    init(_ arguments: Arguments) throws

    /// Does it.
    ///
    /// - Returns: ``ExitCode/success``, or another code if it has told the reason itself.
    func run(_ session: Session) async throws -> ExitCode
}
