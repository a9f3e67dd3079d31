internal import ArticleProtocol
internal import CPluginABI
internal import LinuxRuntime
internal import Synchronization

/// One call of a plugin's `start`, on a thread of its own, so that one that hangs is an error and not a hang.
@safe final class PluginStart: @unchecked Sendable {  // constant, but for the outcome, which is in a mutex
    private let library: PluginLibrary
    private let host: UnsafePointer<articled_host>
    private let configuration: [UInt8]
    private let stateDirectory: [UInt8]
    private let storage: LoadedStorage?
    private let acceptsLoss: Bool
    private let outcome = Mutex<Outcome?>(nil)
    private let done: EventDescriptor

    @safe private struct Outcome: @unchecked Sendable {  // an opaque pointer, handed over once
        let code: UInt32
        let message: String
        let instance: UnsafeMutableRawPointer?
    }

    init(
        _ library: PluginLibrary, host: UnsafePointer<articled_host>, configuration: [UInt8], stateDirectory: String,
        storage: LoadedStorage?, acceptsLoss: Bool
    ) throws(SystemError) {
        self.library = library
        unsafe self.host = unsafe host
        self.configuration = configuration
        self.stateDirectory = Array(stateDirectory.utf8)
        self.storage = storage
        self.acceptsLoss = acceptsLoss
        done = try EventDescriptor()
    }

    /// Starts the plugin.
    ///
    /// - Parameter limit: milliseconds that it may take, from when it last said that it gets on.
    func run(within limit: Int) throws(PluginError) -> LoadedPlugin {
        do {
            let thread = try Thread("start-plugin") { self.call() }
            var heard = PluginProgress.count
            while !done.wait(until: MonotonicClock.after(nanoseconds: UInt64(limit) * 1_000_000)) {
                guard heard != PluginProgress.count else {
                    throw PluginError(
                        library.path, "did not start within \(limit) ms; mend it, or raise plugins.startTimeout")
                }
                heard = PluginProgress.count
            }
            guard let outcome = outcome.withLock({ $0 }) else {
                throw PluginError(library.path, "did not say whether it has started")
            }
            thread.join()  // it has said its last: now its stack goes too
            guard outcome.code == 0 else {
                let name = StatusCode(rawValue: outcome.code)?.name ?? "status \(outcome.code)"
                throw PluginError(library.path, "failed to start: \(outcome.message.isEmpty ? name : outcome.message)")
            }
            return unsafe LoadedPlugin(library, instance: outcome.instance)
        } catch let error as PluginError {
            throw error
        } catch {
            throw PluginError(library.path, "cannot be started: \(error)")
        }
    }

    private func call() {
        guard let start = unsafe library.descriptor.pointee.start else { return }
        var instance: UnsafeMutableRawPointer?
        let (code, message) = unsafe FailureText.collect { failure in
            unsafe configuration.withUnsafeBytes { configuration in
                unsafe stateDirectory.withUnsafeBytes { directory in
                    var argument = unsafe articled_start(
                        size: UInt32(MemoryLayout<articled_start>.size),
                        flags: acceptsLoss ? UInt32(ARTICLED_START_RECOVER) : 0,
                        log: PluginLog.immortal(library.name),
                        configuration: articled_bytes(data: configuration.baseAddress, size: configuration.count),
                        state_directory: articled_bytes(data: directory.baseAddress, size: directory.count),
                        storage: library.needsStorage ? storage?.table : nil,
                        engine: library.needsStorage ? storage?.engine : nil)
                    return unsafe start(host, &argument, &instance, failure)
                }
            }
        }
        let result = unsafe Outcome(code: code, message: message, instance: instance)
        outcome.withLock { $0 = result }
        done.signal()
    }
}

/// How plugins that take long to start get on: whoever waits for one waits as long as it does, and the service manager too.
enum PluginProgress {
    private static let reports = Atomic<UInt64>(0)

    /// How often one has said so.
    static var count: UInt64 { reports.load(ordering: .relaxed) }

    /// One gets on. Any thread.
    static func report(_ status: String) {
        reports.add(1, ordering: .relaxed)
        Systemd.starting(status)
    }
}

/// Whose words a plugin's log lines are: what `articled_start.log` points at.
final class PluginLog: Sendable {
    let name: String

    /// Lives as long as the process.
    static func immortal(_ name: String) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(PluginLog(name)).toOpaque()
    }

    /// - Parameter pointer: from `immortal`, or NULL.
    static func name(of pointer: UnsafeMutableRawPointer?) -> String {
        guard let pointer = unsafe pointer else { return "plugin" }
        return unsafe Unmanaged<PluginLog>.fromOpaque(pointer).takeUnretainedValue().name
    }

    private init(_ name: String) { self.name = name }
}

/// C strings of both sides of the plugin boundary.
enum CString {
    /// A copy that lives as long as the process, for whoever keeps the pointer.
    static func immortal(_ text: String) -> UnsafePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
        return unsafe UnsafePointer(copy)
    }
}
