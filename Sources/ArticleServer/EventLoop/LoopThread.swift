internal import CLinux
internal import Glibc

/// A thread that runs a closure once. pthread(7), because an event loop must not run on Swift's own pool.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// - Parameter name: at most 15 bytes, as ps(1) and gdb(1) show it.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                unsafe clinux_name_thread(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw SystemError("pthread_create", code: code)
        }
        self.thread = thread
    }

    /// Waits until the closure has returned. Once only.
    func join() {
        _ = pthread_join(thread, nil)
    }

    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
