import LinuxRuntime

/// The pauses between attempts to connect: none before the first, then doubling, each shortened at random by up to a half.
struct Backoff {
    private let shortest: UInt64
    private let longest: UInt64
    private(set) var failures = 0

    init(shortest: Duration, longest: Duration) {
        self.shortest = max(1, shortest.nanoseconds)
        self.longest = max(self.shortest, longest.nanoseconds)
    }

    /// An attempt failed, or a connection was lost before it had been of use. How long to wait, in nanoseconds.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> UInt64 {
        let doublings = min(failures, 32)
        failures += 1
        let (product, overflow) = shortest.multipliedReportingOverflow(by: UInt64(1) << UInt64(doublings))
        let pause = overflow ? longest : min(product, longest)
        return pause - UInt64.random(in: 0...pause / 2, using: &generator)
    }

    /// A connection proved to be of use.
    mutating func succeeded() { failures = 0 }
}
