internal import ArticleProtocol
internal import CPluginABI

/// All methods by number: articled's own first, then each plugin's, in the order of loading. Fixed once the service runs.
@safe final class Router: Sendable {
    nonisolated(unsafe) private let table: UnsafeBufferPointer<Route>  // written in `init` alone, never freed

    init(_ routes: [Route]) {
        let memory = UnsafeMutableBufferPointer<Route>.allocate(capacity: routes.count)
        _ = unsafe memory.initialize(from: routes)
        unsafe table = UnsafeBufferPointer(memory)
    }

    deinit {
        unsafe UnsafeMutableBufferPointer(mutating: table).deinitialize()
        unsafe table.deallocate()
    }

    /// How many methods there are. Numbers are 1 to `count`.
    var count: Int { unsafe table.count }

    var descriptions: [MethodDescription] { unsafe table.map(\.description) }

    /// The method's index here and in the statistics, or nil.
    @inline(__always)
    func index(of number: UInt16) -> Int? {
        let index = Int(number) - 1
        return unsafe index >= 0 && index < table.count ? index : nil
    }

    @inline(__always)
    func withRoute<Result>(_ index: Int, _ body: (borrowing Route) -> Result) -> Result {
        body(unsafe table[index])
    }
}
