internal import ArticleProtocol
internal import CPluginABI

/// One method and who answers it.
@safe struct Route {
    typealias Handle =
        @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<articled_request>?) -> Void
    typealias Expect = @convention(c) (UnsafeMutableRawPointer?, UInt32, articled_bytes) -> Void

    /// All that a request needs of its route. Nothing in it is counted, so a copy costs nothing.
    @safe struct Target {
        let role: UInt32
        let streamsRequest: Bool
        let streamsResponse: Bool
        /// It is answered at once and with little: however much is in use, there is room for it.
        let isFree: Bool
        let handle: Handle
        let plugin: UnsafeMutableRawPointer?
        /// The method's place in the plugin's own table.
        let index: UInt32
        /// Tells the plugin of a request that will come.
        let expect: Expect?

        /// Where its code is.
        var address: UInt { unsafe UInt(bitPattern: unsafeBitCast(handle, to: UnsafeRawPointer.self)) }
    }

    private(set) var description: MethodDescription
    let target: Target

    init(
        description: MethodDescription, role: UInt32, streamsRequest: Bool, streamsResponse: Bool,
        handle: @escaping Handle, plugin: UnsafeMutableRawPointer?, index: UInt32, expect: Expect? = nil,
        isFree: Bool = false
    ) {
        self.description = description
        target = unsafe Target(
            role: role, streamsRequest: streamsRequest, streamsResponse: streamsResponse, isFree: isFree,
            handle: handle, plugin: plugin, index: index, expect: expect)
    }

    /// The same with the number that clients call it by.
    func numbered(_ number: UInt32) -> Route {
        var route = self
        route.description.number = number
        return route
    }
}
