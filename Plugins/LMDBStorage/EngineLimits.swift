internal import ArticleProtocol

/// The settings, checked and complete.
struct EngineLimits: Sendable {
    /// 1 TiB of address space of the 128 TiB that a process has. A map costs nothing until it is touched; one that is as
    /// large as any disk never has to be made larger, which LMDB could only do while nobody reads.
    var mapSize = 1 << 40
    var maxReaders: UInt32 = 512
    var queueBytes = 64 << 20
    var queueWrites = 65_536

    init() {}

    /// Throws `invalidArgument`, naming the key, for what cannot be.
    init(_ settings: Settings) throws(ServiceError) {
        mapSize = try Self.check("mapSize", settings.mapSize, 1 << 20...1 << 46) ?? mapSize
        maxReaders = try Self.check("maxReaders", settings.maxReaders, 4...65_536) ?? maxReaders
        queueBytes = try Self.check("queueBytes", settings.queueBytes, 1 << 16...1 << 40) ?? queueBytes
        queueWrites = try Self.check("queueWrites", settings.queueWrites, 1...1 << 24) ?? queueWrites
    }

    private static func check<Value: FixedWidthInteger>(
        _ name: String, _ value: Value?, _ range: ClosedRange<Value>
    ) throws(ServiceError) -> Value? {
        guard let value else { return nil }
        guard range.contains(value) else {
            throw ServiceError(
                .invalidArgument, "\(name): \(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
