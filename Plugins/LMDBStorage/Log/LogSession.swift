/// Names what was written between a start and an end of the storage, so that a file of another time or another database is
/// told apart.
struct LogSession: Equatable, Sendable {
    let high: UInt64
    let low: UInt64

    static func new() -> LogSession { LogSession(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max)) }
}
