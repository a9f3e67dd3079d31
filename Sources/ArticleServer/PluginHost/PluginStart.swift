// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import LinuxRuntime
internal import Synchronization

/// One call of a plugin's `start`, on a thread of its own, so that a start that hangs is reported as an error.
@safe final class PluginStart: @unchecked Sendable {  // constant, except the outcome, which is in a mutex
    private let library: PluginLibrary
    private let own: PluginSelf
    private let host: UnsafePointer<articled_host>
    private let configuration: [UInt8]
    private let stateDirectory: [UInt8]
    private let directory: [UInt8]
    private let strippedParameters: [UInt8]
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
        _ library: PluginLibrary, _ own: PluginSelf, host: UnsafePointer<articled_host>, configuration: [UInt8],
        stateDirectory: String, directory: String?, storage: LoadedStorage?, acceptsLoss: Bool,
        strippedParameters: [String]
    ) throws(SystemError) {
        self.library = library
        self.own = own
        unsafe self.host = unsafe host
        self.configuration = configuration
        self.stateDirectory = Array(stateDirectory.utf8)
        self.directory = Array((directory ?? "").utf8)
        self.strippedParameters = Array(strippedParameters.joined(separator: ",").utf8)
        self.storage = storage
        self.acceptsLoss = acceptsLoss
        done = try EventDescriptor()
    }

    /// Starts the plugin.
    ///
    /// - Parameter limit: how many milliseconds it may take, counted from its last progress report.
    func run(within limit: Int) throws(PluginError) -> LoadedPlugin {
        do {
            let thread = try Thread("start-plugin") { self.call() }
            var lastReport = PluginProgress.count
            while !done.wait(until: MonotonicClock.after(nanoseconds: UInt64(limit) * 1_000_000)) {
                guard lastReport != PluginProgress.count else {
                    throw PluginError(
                        library.path, "did not start within \(limit) ms; repair it, or raise plugins.startTimeout")
                }
                lastReport = PluginProgress.count
            }
            guard let outcome = outcome.withLock({ $0 }) else {
                throw PluginError(library.path, "did not report whether it has started")
            }
            thread.join()  // it has ended; this frees its stack
            guard outcome.code == 0 else {
                let name = StatusCode(rawValue: outcome.code)?.name ?? "status \(outcome.code)"
                throw PluginError(library.path, "failed to start: \(outcome.message.isEmpty ? name : outcome.message)")
            }
            return unsafe LoadedPlugin(library, own, instance: outcome.instance)
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
                unsafe stateDirectory.withUnsafeBytes { stateDirectory in
                    unsafe directory.withUnsafeBytes { directory in
                        unsafe strippedParameters.withUnsafeBytes { stripped in
                            var argument = unsafe articled_start(
                                size: UInt32(MemoryLayout<articled_start>.size),
                                flags: acceptsLoss ? UInt32(ARTICLED_START_RECOVER) : 0, self: own.pointer,
                                configuration: articled_bytes(
                                    data: configuration.baseAddress, size: configuration.count),
                                state_directory: articled_bytes(
                                    data: stateDirectory.baseAddress, size: stateDirectory.count),
                                directory: articled_bytes(data: directory.baseAddress, size: directory.count),
                                storage: library.needsStorage ? storage?.table : nil,
                                engine: library.needsStorage ? storage?.engine : nil,
                                stripped_parameters: articled_bytes(data: stripped.baseAddress, size: stripped.count))
                            return unsafe start(host, &argument, &instance, failure)
                        }
                    }
                }
            }
        }
        let result = unsafe Outcome(code: code, message: message, instance: instance)
        outcome.withLock { $0 = result }
        done.signal()
    }
}

/// Progress reports of plugins that take long to start. As long as they come, the host and the service manager wait.
enum PluginProgress {
    private static let reports = Atomic<UInt64>(0)

    /// How many reports there were.
    static var count: UInt64 { reports.load(ordering: .relaxed) }

    /// Reports progress. Any thread.
    static func report(_ status: String) {
        reports.add(1, ordering: .relaxed)
        Systemd.starting(status)
    }
}

/// C strings for the plugin boundary.
enum CString {
    /// A copy that lives as long as the process.
    static func immortal(_ text: String) -> UnsafePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
        return unsafe UnsafePointer(copy)
    }
}
