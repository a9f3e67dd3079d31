@testable import LMDBStorage

extension EngineLimits {
    /// As they are by default, but for the maps: dozens of storages are open at once in the tests' process, which has the 128 TiB
    /// of address space that any other has.
    static let tests = {
        var limits = EngineLimits()
        limits.mapSize = 16 << 30
        return limits
    }()
}
