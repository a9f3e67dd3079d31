internal import ArticleProtocol

/// What one loop has counted of one method.
struct MethodCounters: ~Copyable {
    /// The latency histogram's buckets: bucket n holds what took less than 2^n microseconds, the last one the rest.
    static let buckets = 24
    static let bounds: [UInt64] = (0..<buckets - 1).map { 1000 << UInt64($0) }
    /// One counter for each status code, by its number; the highest is 18.
    private static let codes = 19

    private let latency = CounterRow(count: Self.buckets)
    private let statuses = CounterRow(count: Self.codes)
    private let total = Counter()

    @inline(__always)
    func ended(_ code: StatusCode, _ nanoseconds: UInt64) {
        let microseconds = nanoseconds / 1000
        latency.add(1, at: min(64 - microseconds.leadingZeroBitCount, Self.buckets - 1))
        statuses.add(1, at: min(Int(code.rawValue), Self.codes - 1))
        total.add(nanoseconds)
    }

    var nanoseconds: UInt64 { total.value }
    var histogram: [UInt64] { latency.values }
    /// How many ended with each status code, by its number.
    var byStatus: [UInt64] { statuses.values }
}
