internal import ArticleProtocol
internal import CLinux

/// Plugin code that keeps a loop's thread: what the operator is told.
public struct Occupation: Sendable, Equatable, CustomStringConvertible {
    let loop: Int
    /// The plugin's name; where it is not known, its library's path.
    let plugin: String
    /// The method; of a job, all methods of the plugin that have requests on this loop.
    let methods: [String]
    let since: UInt64

    /// "stuck.sleep of the plugin blocks-its-loop"
    public var description: String {
        let plugin = plugin.isEmpty ? "articled itself" : "the plugin \(plugin)"
        return methods.isEmpty ? plugin : "\(methods.joined(separator: " or ")) of \(plugin)"
    }

    /// "stuck.sleep of the plugin blocks-its-loop keeps event loop 0"
    public var sentence: String { "\(self) keeps event loop \(loop)" }

    /// For the journal.
    public var fields: [String: String] {
        var fields = ["EVENT_LOOP": "\(loop)"]
        if !plugin.isEmpty { fields["PLUGIN"] = plugin }
        if !methods.isEmpty { fields["ARTICLED_METHOD"] = methods.joined(separator: ",") }
        return fields
    }
}

extension EventLoop {
    /// What has kept the loop's thread since before that time; nil if nothing has. Any thread.
    func occupation(since time: UInt64) -> Occupation? {
        guard let (work, since) = activity.current, since <= time else { return nil }
        let router = context.router
        switch work {
        case .method(let route):
            guard router.descriptions.indices.contains(route) else { return nil }
            let method = router.descriptions[route]
            return Occupation(loop: index, plugin: method.plugin, methods: [method.name], since: since)
        case .job(let address):
            let library = Self.library(address)
            let own = router.descriptions.indices.filter { Self.library(router.target($0).address) == library }
            let busy = own.filter { route in counters.withMethod(route) { $0.inFlight > 0 } }
            return Occupation(
                loop: index, plugin: own.first.map { router.descriptions[$0].plugin } ?? library,
                methods: busy.map { router.descriptions[$0].name }, since: since)
        }
    }

    /// The path of the library that has the code at this address; "" if that is not known.
    private static func library(_ address: UInt) -> String {
        var path = [UInt8](repeating: 0, count: 4096)
        let count = unsafe path.withUnsafeMutableBytes { memory in
            unsafe clinux_library_path(UnsafeRawPointer(bitPattern: address), memory.baseAddress, memory.count)
        }
        return String(decoding: path.prefix(count), as: UTF8.self)
    }
}
