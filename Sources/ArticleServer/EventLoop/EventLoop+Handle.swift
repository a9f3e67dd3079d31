/// How a plugin names a loop: `articled_loop *` is the loop's address.
extension EventLoop {
    /// Valid as long as the loop, which outlives every plugin.
    var handle: OpaquePointer { unsafe OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// - Parameter handle: from `handle` of a loop that exists.
    @inline(__always)
    static func from(_ handle: OpaquePointer) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    }
}
