// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import Synchronization

/// A plugin as it refers to itself: what `articled_self *` points to. It lives as long as the process.
final class PluginSelf: Sendable {
    let name: String
    let background: BackgroundWork
    /// What was reported about its figures.
    let mistakes = FigureMistakes()
    /// Calls without a request whose end it was not told.
    let openCalls = Atomic<Int>(0)
    private let loops = Mutex<WeakLoops>(WeakLoops())
    private let turn = Atomic<Int>(0)

    private struct WeakLoops: Sendable { weak var value: (any LoopDirectory)? }

    private init(_ name: String, _ settings: PluginSettings) {
        self.name = name
        background = BackgroundWork(plugin: name, threads: settings.backgroundThreads)
    }

    /// Creates one that is never released, because a plugin's threads may use it until the process ends.
    static func immortal(_ name: String, _ settings: PluginSettings) -> PluginSelf {
        let own = PluginSelf(name, settings)
        _ = unsafe Unmanaged.passRetained(own)
        return own
    }

    /// For the plugin.
    var pointer: OpaquePointer { unsafe OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// - Parameter pointer: from `pointer`, or NULL.
    static func of(_ pointer: OpaquePointer?) -> PluginSelf? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe Unmanaged<PluginSelf>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
    }

    /// The service has started: background work begins, and calls have loops to run on.
    func attach(_ directory: any LoopDirectory) {
        loops.withLock { $0.value = directory }
        background.open()
    }

    /// The loop for a call without a request, each in turn. Blocked loops are left out if others are free.
    ///
    /// - Returns: nil before the service has started.
    func nextLoop() -> EventLoop? {
        guard let all = loops.withLock({ $0.value })?.loops, !all.isEmpty else { return nil }
        let blockedSince = MonotonicClock.now &- 1_000_000_000
        let free = all.filter { $0.blocker(since: blockedSince) == nil }
        let candidates = free.isEmpty ? all : free
        return candidates[Int(UInt(bitPattern: turn.add(1, ordering: .relaxed).newValue) % UInt(candidates.count))]
    }

    /// The loop with this index.
    func loop(_ index: Int) -> EventLoop? {
        guard let all = loops.withLock({ $0.value })?.loops, all.indices.contains(index) else { return nil }
        return all[index]
    }

    /// For log lines; "plugin" if the plugin passed NULL.
    static func name(of pointer: OpaquePointer?) -> String { unsafe of(pointer)?.name ?? "plugin" }
}

/// Where the event loops are.
protocol LoopDirectory: AnyObject, Sendable {
    /// By index.
    var loops: [EventLoop] { get }
}
