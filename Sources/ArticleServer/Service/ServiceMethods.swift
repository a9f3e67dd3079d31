internal import ArticleProtocol
internal import CPluginABI

/// articled's own methods: `service.*`. They are reached by the same way as a plugin's, through a `Route`.
final class ServiceMethods: @unchecked Sendable {
    // Sendable: all members are fixed before the first request, see `Server`.

    /// In the order of `handle`'s index.
    static let descriptions: [MethodDescription] = [
        describe("service.ping", "PingRequest", "PingResult"),
        describe("service.describe", "DescribeRequest", "ServiceDescription"),
        describe("service.health", "HealthRequest", "HealthResult"),
        describe("service.stats", "StatsRequest", "StatsResult"),
        describe("service.metrics", "MetricsRequest", "MetricsResult"),
    ]

    let plugins: PluginHost
    let listeners: [Listener]
    private(set) var context: ServerContext?

    init(plugins: PluginHost, listeners: [Listener]) {
        self.plugins = plugins
        self.listeners = listeners
    }

    /// Once, before the first request.
    func attach(_ context: ServerContext) { self.context = context }

    func routes() -> [Route] {
        Self.descriptions.enumerated().map { index, description in
            unsafe Route(
                description: description, role: UInt32(ARTICLED_ROLE_READ), streamsRequest: false,
                streamsResponse: false,
                handle: { methods, index, request in
                    guard let methods = unsafe methods, let request = unsafe request else { return }
                    unsafe Unmanaged<ServiceMethods>.fromOpaque(methods).takeUnretainedValue()
                        .handle(index, RequestTable.slot(of: request))
                }, plugin: Unmanaged.passUnretained(self).toOpaque(), index: UInt32(index),
                isFree: true)
        }
    }

    private func handle(_ index: UInt32, _ slot: RequestPointer) {
        let payload = unsafe UnsafeRawBufferPointer(
            start: slot.pointee.view.payload.data, count: slot.pointee.view.payload.size)
        do {
            let response: [UInt8]
            switch index {
            case 0: response = try ping(unsafe PingRequest(decoding: payload)).encoded()
            case 1:
                _ = try unsafe DescribeRequest(decoding: payload)
                response = describe().encoded()
            case 2:
                _ = try unsafe HealthRequest(decoding: payload)
                response = health().encoded()
            case 3:
                _ = try unsafe StatsRequest(decoding: payload)
                response = statistics().encoded()
            default:
                _ = try unsafe MetricsRequest(decoding: payload)
                response = MetricsResult(text: metrics()).encoded()
            }
            unsafe response.withUnsafeBytes { bytes in
                var part = unsafe articled_bytes(data: bytes.baseAddress, size: bytes.count)
                _ = unsafe HostFunctions.respond(slot, &part, 1, nil)
            }
        } catch {
            var message = error.message
            message.withUTF8 { text in
                _ = unsafe HostFunctions.fail(
                    slot, error.code.rawValue,
                    articled_bytes(data: UnsafeRawPointer(text.baseAddress), size: text.count))
            }
        }
    }

    private static func describe(_ name: String, _ request: String, _ response: String) -> MethodDescription {
        MethodDescription(
            name: name, number: 0, requestType: "articled.v1.\(request)", responseType: "articled.v1.\(response)",
            streamRequest: false, streamResponse: false, idempotent: true, role: "read", plugin: "")
    }
}
