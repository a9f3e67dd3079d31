internal import ArticleProtocol
internal import CPluginABI

/// The events of requests that are handled in tasks: from the host's calls to `CallState`.
enum RequestEvents {
    /// Immortal, as the host keeps its address.
    nonisolated(unsafe) static let table: UnsafePointer<articled_events> = {
        let table = UnsafeMutablePointer<articled_events>.allocate(capacity: 1)
        unsafe table.initialize(
            to: articled_events(
                size: UInt32(MemoryLayout<articled_events>.size), reserved: 0,
                message: { context, _, message in
                    unsafe state(context)?.received([UInt8](message))
                },
                ended: { context, _ in
                    unsafe state(context)?.receivedLast()
                },
                writable: { context, _ in
                    unsafe state(context)?.becameWritable()
                },
                cancelled: { context, _, code in
                    unsafe state(context)?.cancel(reason(code))
                }))
        return unsafe UnsafePointer(table)
    }()

    /// Keeps `state` alive until `release`; the request's context.
    static func retain(_ state: CallState) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(state).toOpaque()
    }

    /// The request is ended: no event comes any more.
    static func release(_ state: CallState) {
        unsafe Unmanaged.passUnretained(state).release()
    }

    private static func state(_ context: UnsafeMutableRawPointer?) -> CallState? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<CallState>.fromOpaque(context).takeUnretainedValue()
    }

    private static func reason(_ code: UInt32) -> ServiceError {
        switch StatusCode(rawValue: code) {
        case .deadlineExceeded: ServiceError(.deadlineExceeded, "the deadline has passed")
        case .unavailable: ServiceError(.unavailable, "the connection went away")
        default: ServiceError(.cancelled, "the client cancelled the request")
        }
    }
}
