internal import ArticleProtocol
internal import CPluginABI

/// All methods by number: articled's own first, then each plugin's, in the order of loading. Fixed once the service runs.
@safe final class Router: Sendable {
    let descriptions: [MethodDescription]
    nonisolated(unsafe) private let targets: UnsafeBufferPointer<Route.Target>  // written in `init` alone

    init(_ routes: [Route]) {
        descriptions = routes.map(\.description)
        let memory = UnsafeMutableBufferPointer<Route.Target>.allocate(capacity: routes.count)
        _ = unsafe memory.initialize(from: routes.map(\.target))
        unsafe targets = UnsafeBufferPointer(memory)
    }

    deinit { unsafe targets.deallocate() }

    /// How many methods there are. Numbers are 1 to `count`.
    var count: Int { unsafe targets.count }

    /// The method's index here and in the statistics, or nil.
    @inline(__always)
    func index(of number: UInt16) -> Int? {
        let index = Int(number) - 1
        return unsafe index >= 0 && index < targets.count ? index : nil
    }

    /// Who answers the method with this index.
    @inline(__always)
    func target(_ index: Int) -> Route.Target { unsafe targets[index] }
}
