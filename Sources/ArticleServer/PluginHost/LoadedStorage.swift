internal import CPluginABI

/// The storage engine that was started: what handlers are given.
@safe struct LoadedStorage: @unchecked Sendable {
    // Sendable: constant pointers; the engine's functions may be called from any thread.
    let name: String
    let table: UnsafePointer<articled_storage>
    let engine: UnsafeMutableRawPointer?

    /// What the engine tells of itself; nil if it cannot.
    func statistics() -> articled_storage_statistics? {
        guard let function = unsafe table.pointee.statistics else { return nil }
        var statistics = articled_storage_statistics()
        statistics.size = UInt32(MemoryLayout<articled_storage_statistics>.size)
        let (code, _) = unsafe FailureText.collect { unsafe function(engine, &statistics, $0) }
        return code == 0 ? statistics : nil
    }
}
