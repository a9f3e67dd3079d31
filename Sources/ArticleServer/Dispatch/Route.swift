internal import ArticleProtocol
internal import CPluginABI

/// One method and who answers it.
@safe struct Route {
    private(set) var description: MethodDescription
    let role: UInt32
    let streamsRequest: Bool
    let streamsResponse: Bool
    let handle: @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<articled_request>?) -> Void
    let plugin: UnsafeMutableRawPointer?
    /// The method's place in the plugin's own table.
    let index: UInt32
    /// Tells the plugin of a request that will come.
    var expect: (@convention(c) (UnsafeMutableRawPointer?, UInt32, articled_bytes) -> Void)?

    /// The same with the number that clients call it by.
    func numbered(_ number: UInt32) -> Route {
        var route = self
        route.description.number = number
        return route
    }
}
