// SPDX-License-Identifier: Apache-2.0
/// How articlectl ends: the codes of sysexits(3), so that a script can tell what to do next.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    /// There is no such article.
    case notFound = 1
    /// A change may or may not have been made.
    case outcomeUnknown = 2
    /// The command of `watch --exec` failed.
    case commandFailed = 3
    /// The command line is wrong.
    case usage = 64
    /// The input, or a part of it, cannot be used.
    case data = 65
    /// An input file cannot be opened.
    case noInput = 66
    /// articled cannot be reached, or does not know the method.
    case unavailable = 69
    /// articled failed; its journal says why.
    case software = 70
    /// The article is there already, or at another revision than expected, or a backup cannot be written where it should:
    /// nothing was changed.
    case conflict = 73
    /// Reading or writing failed, or what was stored is damaged.
    case io = 74
    /// Try again later.
    case tryAgain = 75
    /// The other side does not speak articled's protocol.
    case `protocol` = 76
    /// This user may not do that.
    case permission = 77
    /// Ctrl-C.
    case interrupted = 130

    /// For programs that read `--json`: sysexits' names in lower case, and some of our own.
    var name: String {
        switch self {
        case .success: "ok"
        case .notFound: "not-found"
        case .outcomeUnknown: "outcome-unknown"
        case .commandFailed: "command-failed"
        case .usage: "usage"
        case .data: "data"
        case .noInput: "no-input"
        case .unavailable: "unavailable"
        case .software: "software"
        case .conflict: "conflict"
        case .io: "io"
        case .tryAgain: "try-again"
        case .protocol: "protocol"
        case .permission: "permission"
        case .interrupted: "interrupted"
        }
    }

    /// For `articlectl help exit-codes`.
    var meaning: String {
        switch self {
        case .success: "done"
        case .notFound: "there is no such article"
        case .outcomeUnknown: "a change may or may not have been made: look, or run the same command again"
        case .commandFailed: "the command of `watch --exec` failed for a change; the watch stopped there"
        case .usage: "the command line is wrong"
        case .data: "the input, or a part of it, cannot be used; of an import the rest was stored"
        case .noInput: "an input file cannot be opened"
        case .unavailable: "articled cannot be reached, or lacks a plugin for this"
        case .software: "articled failed; its journal says why"
        case .conflict: "an article or a backup's DIR exists already, or a revision differs; nothing was changed"
        case .io: "reading or writing failed, or a stored article is damaged"
        case .tryAgain: "articled is too busy, or did not answer in time: try again later"
        case .protocol: "what answered is no articled, or one of another version"
        case .permission: "this user may not do that"
        case .interrupted: "stopped with Ctrl-C"
        }
    }
}
