internal import Glibc

/// A detached thread: pthread(7), because foreign code may block, and Swift's own pool must not.
enum BackgroundThread {
    /// Runs the closure; answers an `errno`, 0 if the thread has started.
    static func run(_ body: @escaping @Sendable () -> Void) -> Int32 {
        let box = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if code == 0 { _ = pthread_detach(thread) } else { unsafe box.release() }
        return code
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
