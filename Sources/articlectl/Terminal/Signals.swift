import CLinux
internal import Glibc
internal import Synchronization

/// What signals do to articlectl.
enum Signals {
    fileprivate static let interrupted = Atomic<Bool>(false)
    /// Becomes readable with the first Ctrl-C, so that a wait for input can be ended by it; -1 if there is none.
    fileprivate static let wakeUp = Atomic<Int32>(-1)

    /// A closed pipe is seen where it is written to.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Ends the process as one that did not ignore SIGPIPE.
    static func endAsBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)  // SIGPIPE is blocked
    }

    /// From now on the first Ctrl-C (or SIGTERM) asks the command to come to an orderly end; the second ends it at once.
    ///
    /// - Returns: a descriptor that becomes readable with the first.
    static func catchInterrupts() -> Int32 {
        let descriptor = clinux_eventfd()
        wakeUp.store(descriptor, ordering: .releasing)
        interrupted.store(false, ordering: .releasing)  // made now, not first in the handler
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = noteInterrupt
        unsafe sigaction(SIGINT, &action, nil)
        unsafe sigaction(SIGTERM, &action, nil)
        return descriptor
    }

    static var isInterrupted: Bool { interrupted.load(ordering: .acquiring) }
}

/// The handler. It does only what signal-safety(7) allows.
private func noteInterrupt(_ number: Int32) {
    Signals.interrupted.store(true, ordering: .releasing)
    _ = clinux_eventfd_signal(Signals.wakeUp.load(ordering: .acquiring))
    signal(number, SIG_DFL)
}

/// What the system calls its errors.
enum SystemText {
    static func describing(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
