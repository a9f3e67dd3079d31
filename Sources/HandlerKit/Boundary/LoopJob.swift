internal import CPluginABI

/// Work to be done on an event loop.
final class LoopJob: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    /// Has the host run it on `loop`, exactly once: that releases it.
    func schedule(on loop: OpaquePointer?, _ host: UnsafePointer<articled_host>) {
        let run: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { job, _ in
            guard let job = unsafe job else { return }
            unsafe Unmanaged<LoopJob>.fromOpaque(job).takeRetainedValue().body()
        }
        unsafe host.pointee.schedule(loop, run, Unmanaged.passRetained(self).toOpaque(), nil)
    }
}
