// SPDX-License-Identifier: Apache-2.0
import CLinux
internal import Glibc
internal import Synchronization

/// What signals do to articlectl.
enum Signals {
    fileprivate static let interrupted = Atomic<Bool>(false)
    /// Becomes readable with the first Ctrl-C, so that a wait for input can be ended by it; -1 if there is none.
    fileprivate static let wakeUp = Atomic<Int32>(-1)
    fileprivate static let resized = Atomic<Bool>(false)
    fileprivate static let continued = Atomic<Bool>(false)

    /// A closed pipe is seen where it is written to.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Ends the process as one that did not ignore SIGPIPE.
    static func endAsBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)  // SIGPIPE is blocked
    }

    /// From now on Ctrl-C (or SIGTERM) writes `text` to standard error and ends the process with 130. Without this the
    /// system ends it, of which a shell says the same.
    static func tellInterrupts(_ text: String) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        unsafe bytes.copyBytes(from: text.utf8)
        unsafe farewell = UnsafeRawBufferPointer(bytes)
        handle([SIGINT, SIGTERM], with: sayFarewell)
    }

    private static func handle(_ signals: [Int32], with handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = handler
        for number in signals { unsafe sigaction(number, &action, nil) }
    }

    /// From now on the first Ctrl-C (or SIGTERM) asks the command to come to an orderly end; the second ends it at once.
    ///
    /// - Returns: a descriptor that becomes readable with the first.
    static func catchInterrupts() -> Int32 {
        let descriptor = clinux_eventfd()
        wakeUp.store(descriptor, ordering: .releasing)
        interrupted.store(false, ordering: .releasing)  // made now, not first in the handler
        handle([SIGINT, SIGTERM], with: noteInterrupt)
        return descriptor
    }

    static var isInterrupted: Bool { interrupted.load(ordering: .acquiring) }

    /// From now on a resized window makes the descriptor of ``catchInterrupts()`` readable too.
    static func catchResizes() {
        resized.store(false, ordering: .releasing)  // made now, not first in the handler
        handle([SIGWINCH], with: noteResize)
    }

    /// Stops the process, as Ctrl-Z does, and returns when it is continued. To be called after ``catchInterrupts()``.
    static func stopProcess() {
        continued.store(false, ordering: .releasing)
        handle([SIGCONT], with: noteContinue)
        kill(getpid(), SIGTSTP)
        // Another thread may take the signal, a moment later. Nothing stops a process that no shell could continue.
        let descriptor = wakeUp.load(ordering: .acquiring)
        var attempts = 0
        while !continued.load(ordering: .acquiring), attempts < 10 {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&wait, 1, 50)
            attempts += 1
        }
    }

    /// Whether the window was resized since this was last asked.
    static func takeResize() -> Bool { resized.exchange(false, ordering: .acquiringAndReleasing) }

    /// Takes back that an event descriptor is readable.
    static func clear(_ descriptor: Int32) { _ = clinux_eventfd_clear(descriptor) }
}

/// The handler. It does only what signal-safety(7) allows.
private func noteInterrupt(_ number: Int32) {
    Signals.interrupted.store(true, ordering: .releasing)
    _ = clinux_eventfd_signal(Signals.wakeUp.load(ordering: .acquiring))
    signal(number, SIG_DFL)
}

/// The handler. It does only what signal-safety(7) allows.
private func noteResize(_ number: Int32) {
    Signals.resized.store(true, ordering: .releasing)
    _ = clinux_eventfd_signal(Signals.wakeUp.load(ordering: .acquiring))
}

/// The handler. It does only what signal-safety(7) allows.
private func noteContinue(_ number: Int32) {
    Signals.continued.store(true, ordering: .releasing)
    _ = clinux_eventfd_signal(Signals.wakeUp.load(ordering: .acquiring))
}

/// Set once, before the handler that reads it is put in place, and never freed.
nonisolated(unsafe) private var farewell = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

/// The handler that ends the process. It does only what signal-safety(7) allows.
private func sayFarewell(_ number: Int32) {
    _ = unsafe write(STDERR_FILENO, farewell.baseAddress, farewell.count)
    _exit(ExitCode.interrupted.rawValue)
}

/// What the system calls its errors.
enum SystemText {
    static func describing(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
