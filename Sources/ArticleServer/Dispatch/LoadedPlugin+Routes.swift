internal import ArticleProtocol
internal import CPluginABI

extension LoadedPlugin {
    /// A route for each of the plugin's methods, not numbered yet.
    func routes() -> [Route] {
        guard let handle = unsafe descriptor.pointee.handle else { return [] }
        let expect = unsafe DescriptorCheck.has(descriptor, \.expect) ? descriptor.pointee.expect : nil
        return methods.enumerated().map { index, method in
            let streamsRequest = method.flags & UInt32(ARTICLED_METHOD_STREAM_REQUEST) != 0
            let streamsResponse = method.flags & UInt32(ARTICLED_METHOD_STREAM_RESPONSE) != 0
            return unsafe Route(
                description: MethodDescription(
                    name: method.name, requestType: method.requestType, responseType: method.responseType,
                    streamRequest: streamsRequest, streamResponse: streamsResponse,
                    idempotent: method.flags & UInt32(ARTICLED_METHOD_IDEMPOTENT) != 0,
                    role: Self.name(ofRole: method.role), plugin: name),
                role: method.role, streamsRequest: streamsRequest, streamsResponse: streamsResponse, handle: handle,
                plugin: instance, index: UInt32(index), expect: expect)
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
