// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import JSONTree

/// A message of a long job's stream.
protocol JobProgress: ProtocolMessage {
    var job: UInt64 { get }
    var isOver: Bool { get }
    /// 0 to 1; nil if it is not known.
    var fraction: Double? { get }
    /// Articles so far.
    var count: UInt64 { get }
}

/// Work of the service that takes longer than a call may. Each call watches it until shortly before its deadline, then the next
/// call goes on. The service stops the work when this process ends.
struct LongJob<Message: JobProgress> {
    private let session: Session

    init(_ session: Session) { self.session = session }

    /// Watches the work until it is over.
    ///
    /// - Parameter call: starts it, with 0, or goes on watching the job of this number.
    func watch(_ call: (UInt64) -> ResponseStream<Message>) async throws -> Message {
        var bar = Progress(shown: session.terminal.showsErrors && !session.json)
        defer { bar.clear() }
        var job: UInt64 = 0
        while true {
            if let last = try await follow(call(job), &job, &bar) { return last }
        }
    }

    /// - Returns: the last message of the work; nil if the call ended before the work did.
    private func follow(
        _ messages: ResponseStream<Message>, _ job: inout UInt64, _ bar: inout Progress
    ) async throws(ClientError) -> Message? {
        var iterator = messages.makeAsyncIterator()
        while true {
            let message: Message?
            do throws(ClientError) {
                message = try await iterator.next()
            } catch {
                // The disk was busy longer than a call lasts.
                if error.status == .deadlineExceeded, job != 0 { return nil }
                throw error
            }
            guard let message else { return nil }
            job = message.job
            if message.isOver { return message }
            bar.show(count: Int(clamping: message.count), fraction: message.fraction)
        }
    }
}

extension StorageFinding {
    /// One line each, and how many more there are.
    static func lines(_ findings: [StorageFinding], of count: UInt64) -> [String] {
        let more = count - min(count, UInt64(findings.count))
        return findings.map(\.line) + (more > 0 ? ["and \(Quantity.grouped(more)) more"] : [])
    }

    /// "1 finding", "1,200 findings"
    static func text(_ count: UInt64) -> String { Quantity.count(count, "finding") }

    private var line: String {
        let place = file.isEmpty ? "" : "  (\(file)\(offset > 0 ? ", at \(offset)" : ""))"
        return Sanitised.text((id.map { "\($0)  " } ?? "") + problem + place)
    }

    var json: JSON {
        .object([
            ("id", id.map { .string("\($0)") } ?? .null), ("file", .string(file)), ("offset", .integer(offset)),
            ("problem", .string(problem)),
        ])
    }
}
