// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

/// All methods by number: articled's own first, then each plugin's in the order of loading. It never changes while the
/// service runs.
@safe final class Router: Sendable {
    let descriptions: [MethodDescription]
    nonisolated(unsafe) private let targets: UnsafeBufferPointer<Route.Target>  // written in `init` alone
    private let indices: [String: Int]

    init(_ routes: [Route]) {
        descriptions = routes.map(\.description)
        indices = Dictionary(routes.enumerated().map { ($0.element.description.name, $0.offset) }) { first, _ in first }
        let memory = UnsafeMutableBufferPointer<Route.Target>.allocate(capacity: routes.count)
        _ = unsafe memory.initialize(from: routes.map(\.target))
        unsafe targets = UnsafeBufferPointer(memory)
    }

    deinit { unsafe targets.deallocate() }

    /// How many methods there are. Numbers are 1 to `count`.
    var count: Int { unsafe targets.count }

    /// The method's index, here and in the counters, or nil.
    @inline(__always)
    func index(of number: UInt16) -> Int? {
        let index = Int(number) - 1
        return unsafe index >= 0 && index < targets.count ? index : nil
    }

    /// The index of the method with this name, or nil.
    func index(named name: String) -> Int? { indices[name] }

    /// The handler of the method with this index.
    @inline(__always)
    func target(_ index: Int) -> Route.Target { unsafe targets[index] }
}

/// One method and who answers it.
@safe struct Route {
    typealias Handle =
        @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<articled_request>?) -> Void
    typealias Prefetch = @convention(c) (UnsafeMutableRawPointer?, UInt32, articled_bytes) -> Void

    /// What a request needs of its route. It holds no references, so a copy is free.
    @safe struct Target {
        let role: UInt32
        let streamsRequest: Bool
        let streamsResponse: Bool
        /// Only a deadline that the client sets applies.
        let isEndless: Bool
        /// Whether it is exempt from quotas. Its answer is immediate and small.
        let isFree: Bool
        let handle: Handle
        let plugin: UnsafeMutableRawPointer?
        /// The method's place in the plugin's own table.
        let index: UInt32
        /// Lets the plugin prefetch for a request that comes soon.
        let prefetch: Prefetch?

        /// The address of its code.
        var address: UInt { unsafe UInt(bitPattern: unsafeBitCast(handle, to: UnsafeRawPointer.self)) }
    }

    private(set) var description: MethodDescription
    let target: Target

    init(
        description: MethodDescription, role: UInt32, streamsRequest: Bool, streamsResponse: Bool,
        isEndless: Bool = false, handle: @escaping Handle, plugin: UnsafeMutableRawPointer?, index: UInt32,
        prefetch: Prefetch? = nil,
        isFree: Bool = false
    ) {
        self.description = description
        target = unsafe Target(
            role: role, streamsRequest: streamsRequest, streamsResponse: streamsResponse, isEndless: isEndless,
            isFree: isFree, handle: handle, plugin: plugin, index: index, prefetch: prefetch)
    }

    /// The same route with the method's number.
    func numbered(_ number: UInt32) -> Route {
        var route = self
        route.description.number = number
        return route
    }
}

extension LoadedPlugin {
    /// A route for each of the plugin's methods, not numbered yet.
    func routes() -> [Route] {
        guard let handle = unsafe descriptor.pointee.handle else { return [] }
        let prefetch = unsafe DescriptorCheck.has(descriptor, \.expect) ? descriptor.pointee.expect : nil
        return methods.enumerated().map { index, method in
            let streamsRequest = method.flags & UInt32(ARTICLED_METHOD_STREAM_REQUEST) != 0
            let streamsResponse = method.flags & UInt32(ARTICLED_METHOD_STREAM_RESPONSE) != 0
            return unsafe Route(
                description: MethodDescription(
                    name: method.name, requestType: method.requestType, responseType: method.responseType,
                    streamRequest: streamsRequest, streamResponse: streamsResponse,
                    idempotent: method.flags & UInt32(ARTICLED_METHOD_IDEMPOTENT) != 0,
                    role: Self.name(ofRole: method.role), plugin: name,
                    endless: method.flags & UInt32(ARTICLED_METHOD_ENDLESS) != 0),
                role: method.role, streamsRequest: streamsRequest, streamsResponse: streamsResponse,
                isEndless: method.flags & UInt32(ARTICLED_METHOD_ENDLESS) != 0, handle: handle,
                plugin: instance, index: UInt32(index), prefetch: prefetch)
        }
    }

    private static func name(ofRole role: UInt32) -> String {
        switch role {
        case UInt32(ARTICLED_ROLE_READ): "read"
        case UInt32(ARTICLED_ROLE_WRITE): "write"
        default: "admin"
        }
    }
}
