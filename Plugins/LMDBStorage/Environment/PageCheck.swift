internal import HandlerKit
internal import LinuxRuntime
internal import Synchronization

/// Compares the pages of the index with their checksums while the service runs. Any thread that may wait.
struct PageCheck: Sendable {
    private let environment: Environment
    private let checkpointer: Checkpointer
    private let log: PluginLog

    init(_ environment: Environment, _ checkpointer: Checkpointer, _ log: PluginLog) {
        self.environment = environment
        self.checkpointer = checkpointer
        self.log = log
    }

    /// What is found is in the journal and the health when this returns, and nothing is answered any more that the index alone knows.
    ///
    /// - Returns: what is wrong; `nil`: nothing.
    func run() -> String? {
        let found = Mutex<String?>(nil)
        let isDone = Semaphore()
        checkpointer.checkPages { fault in
            found.withLock { $0 = fault }
            isDone.signal()
        }
        isDone.wait()
        let fault = found.withLock { $0 }
        if let fault { environment.damage.report(fault, log) }
        return fault
    }
}
