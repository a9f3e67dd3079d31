// SPDX-License-Identifier: Apache-2.0

import ArticleProtocol
internal import Glibc

/// The messages of a request, as the command line or standard input has them.
/// @unchecked: one task at a time reads it.
final class CallInput: @unchecked Sendable {
    private enum Source {
        /// A message on the command line.
        case given([UInt8])
        /// Standard input: one message in all.
        case whole
        /// Standard input: a message a line.
        case lines
        case done
    }

    private let form: CallForm
    private var source: Source
    private var lines: LineReader

    /// - Parameters:
    ///   - operand: a message; "-": standard input. nil: standard input for a stream, and for bytes unless it is a terminal;
    ///     an empty message otherwise.
    ///   - isStream: there may be any number of messages.
    ///   - interrupt: a descriptor that ends waiting for input when it becomes readable; -1: none.
    init(_ operand: String?, form: CallForm, isStream: Bool, interrupt: Int32) throws(CommandFailure) {
        self.form = form
        lines = LineReader(try ByteSource("-", interrupt: interrupt), longest: 3 * Limits.maxFrame)
        if let operand, operand != "-" {
            source = .given(Array(operand.utf8))
        } else if isStream {
            source = .lines
        } else if operand == "-" {
            source = .whole
        } else {
            switch form {
            case .json: source = .given(Array("{}".utf8))
            case .hex: source = isatty(STDIN_FILENO) == 1 ? .given([]) : .whole
            case .raw: source = .whole
            }
        }
    }

    /// The next message, encoded; nil at the end.
    func next() throws(CommandFailure) -> [UInt8]? {
        switch source {
        case .done: return nil
        case .given(let text):
            source = .done
            return try form.encode(text)
        case .whole:
            source = .done
            let text = try lines.rest(most: 3 * Limits.maxFrame)
            return try located("standard input") { () throws(CommandFailure) in try form.encode(text) }
        case .lines:
            while let line = try lines.next() {
                let place = "standard input:\(line.number)"
                guard !line.isTooLong else { throw CommandFailure(.data, "\(place): the line is too long") }
                guard line.bytes.contains(where: { $0 != 0x20 && !(0x09...0x0d).contains($0) }) else { continue }
                return try located(place) { () throws(CommandFailure) in try form.encode(line.bytes) }
            }
            source = .done
            return nil
        }
    }

    private func located(
        _ place: String, _ encode: () throws(CommandFailure) -> [UInt8]
    ) throws(CommandFailure) -> [UInt8] {
        do throws(CommandFailure) { return try encode() } catch {
            throw CommandFailure(error.code, "\(place): \(error.message)", hint: error.hint)
        }
    }
}
