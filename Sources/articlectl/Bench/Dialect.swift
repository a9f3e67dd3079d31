/// How requests are written and answers read: articled's frames, or a peer's protocol. The generator is the same for all.
protocol Dialect {
    /// Bytes that one request needs at most.
    var largestRequest: Int { get }
    /// Answers that were not as they should be.
    var errors: UInt64 { get }
    /// What the first of them was.
    var firstError: String? { get }

    /// Writes the next request as number `slot` of its batch. Answers with its size; 0: there are no more.
    mutating func write(_ slot: Int, _ lane: UnsafeMutablePointer<Lane>, to target: UnsafeMutableRawPointer) -> Int

    /// Goes through received bytes. Answers with how many answers were completed by them.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ lane: UnsafeMutablePointer<Lane>) throws(CommandFailure)
        -> Int
}
