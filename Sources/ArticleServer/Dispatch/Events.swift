internal import CPluginABI

/// Which of a plugin's event functions exist: an older plugin's structure may be shorter than ours.
enum Events {
    @inline(__always)
    static func has<Value>(_ events: UnsafePointer<articled_events>, _ member: KeyPath<articled_events, Value>) -> Bool
    {
        guard let offset = MemoryLayout<articled_events>.offset(of: member) else { return false }
        return unsafe Int(events.pointee.size) >= offset + MemoryLayout<Value>.size
    }
}
