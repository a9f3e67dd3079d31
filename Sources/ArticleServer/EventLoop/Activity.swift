// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLinux
internal import Synchronization

/// Whose code a loop's thread is running, and since when. The loop's thread writes it; the watcher reads it.
struct Activity: ~Copyable {
    /// What the loop was doing before something else began within it.
    struct Before {
        fileprivate let word: UInt64
        fileprivate let function: UInt
    }

    /// What runs on a loop.
    enum Work: Equatable {
        /// A plugin's handler or event function, by the method's index.
        case method(Int)
        /// A scheduled job, by the function's address.
        case job(UInt)
    }

    // The time in nanoseconds. The low 16 bits say what runs instead. One word, so that a reader never mixes the time
    // of one with another.
    private let word = Atomic<UInt64>(0)
    private let function = Atomic<UInt>(0)

    private static let low: UInt64 = 0xffff
    private static let job: UInt64 = 0xffff

    /// The plugin of this method runs from now on. The loop's thread.
    @inline(__always)
    func enter(method route: Int, at now: UInt64) -> Before {
        // There are fewer than 2^16 routes, because a method's number has 16 bits.
        enter(now & ~Self.low | UInt64(truncatingIfNeeded: route &+ 1) & Self.low, function.load(ordering: .relaxed))
    }

    /// A job runs from now on. The loop's thread.
    @inline(__always)
    func enter(job address: UInt, at now: UInt64) -> Before { enter(now & ~Self.low | Self.job, address) }

    private func enter(_ new: UInt64, _ address: UInt) -> Before {
        let before = Before(word: word.load(ordering: .relaxed), function: function.load(ordering: .relaxed))
        function.store(address, ordering: .relaxed)
        word.store(new, ordering: .releasing)
        return before
    }

    /// The plugin or job has returned. The loop's thread.
    @inline(__always)
    func leave(_ before: Before) {
        function.store(before.function, ordering: .relaxed)
        word.store(before.word, ordering: .releasing)
    }

    /// What runs, and since when; nil if the loop waits or runs its own code. Any thread.
    var current: (work: Work, since: UInt64)? {
        let word = word.load(ordering: .acquiring)
        let since = word & ~Self.low
        switch word & Self.low {
        case 0: return nil
        case Self.job: return (.job(function.load(ordering: .relaxed)), since)
        case let number: return (.method(Int(number) - 1), since)
        }
    }
}

/// Plugin code that blocks a loop's thread, as it is reported to the operator.
public struct LoopBlocker: Sendable, Equatable, CustomStringConvertible {
    let loop: Int
    /// The plugin's name, or its library's path if the name is not known.
    let plugin: String
    /// The method; for a job, all methods of the plugin that have requests on this loop.
    let methods: [String]
    let since: UInt64

    /// "stuck.sleep of the plugin blocks-its-loop"
    public var description: String {
        let plugin = plugin.isEmpty ? "articled itself" : "the plugin \(plugin)"
        return methods.isEmpty ? plugin : "\(methods.joined(separator: " or ")) of \(plugin)"
    }

    /// "stuck.sleep of the plugin blocks-its-loop blocks event loop 0"
    public var sentence: String { "\(self) blocks event loop \(loop)" }

    /// For the journal.
    public var fields: [String: String] {
        var fields = ["EVENT_LOOP": "\(loop)"]
        if !plugin.isEmpty { fields["PLUGIN"] = plugin }
        if !methods.isEmpty { fields["ARTICLED_METHOD"] = methods.joined(separator: ",") }
        return fields
    }
}

extension EventLoop {
    /// What has blocked the loop's thread since before that time, or nil. Any thread.
    func blocker(since time: UInt64) -> LoopBlocker? {
        guard let (work, since) = activity.current, since <= time else { return nil }
        let router = context.router
        switch work {
        case .method(let route):
            guard router.descriptions.indices.contains(route) else { return nil }
            let method = router.descriptions[route]
            return LoopBlocker(loop: index, plugin: method.plugin, methods: [method.name], since: since)
        case .job(let address):
            let library = Self.library(address)
            let own = router.descriptions.indices.filter { Self.library(router.target($0).address) == library }
            let busy = own.filter { route in counters.withMethod(route) { $0.inFlight > 0 } }
            return LoopBlocker(
                loop: index, plugin: own.first.map { router.descriptions[$0].plugin } ?? library,
                methods: busy.map { router.descriptions[$0].name }, since: since)
        }
    }

    /// The path of the library that contains this address, or "".
    private static func library(_ address: UInt) -> String {
        var path = [UInt8](repeating: 0, count: 4096)
        let count = unsafe path.withUnsafeMutableBytes { memory in
            unsafe clinux_library_path(UnsafeRawPointer(bitPattern: address), memory.baseAddress, memory.count)
        }
        return String(decoding: path.prefix(count), as: UTF8.self)
    }
}
