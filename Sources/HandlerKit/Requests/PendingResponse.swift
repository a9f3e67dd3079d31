public import ArticleProtocol
internal import Synchronization

/// An answer that comes from elsewhere: a callback of the storage, another thread. The first completion counts; one that
/// is let go without any tells the client `internal`.
public final class PendingResponse: Sendable {
    private let handle: RequestHandle
    private let state: CallState?
    private let isOpen = Atomic(true)
    /// What is to be sent, on its way to the loop.
    private let result = Mutex<Result<[UInt8], ServiceError>?>(nil)

    init(_ handle: RequestHandle, _ state: CallState?) {
        self.handle = handle
        self.state = state
    }

    deinit {
        if isOpen.load(ordering: .relaxed) { handle.fail(.unanswered, state) }
    }

    /// Ends the request with an encoded message or an error; from any thread. Later calls do nothing.
    public func complete(_ result: Result<[UInt8], ServiceError>) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        if handle.isCurrent { return send(result) }
        self.result.withLock { $0 = result }
        // This goes to the loop itself: no memory is needed for the way.
        unsafe handle.schedule(Unmanaged.passRetained(self).toOpaque()) { response, _ in
            guard let response = unsafe response else { return }
            let arrived = unsafe Unmanaged<PendingResponse>.fromOpaque(response).takeRetainedValue()
            if let result = arrived.result.withLock({ $0.take() }) { arrived.send(result) }
        }
    }

    /// Ends the request with its one response message; from any thread.
    public func respond(_ message: some ProtocolMessage) { complete(.success(message.encoded())) }

    /// Ends the request with an error; from any thread.
    public func fail(_ error: ServiceError) { complete(.failure(error)) }

    /// On the loop.
    private func send(_ result: Result<[UInt8], ServiceError>) {
        switch result {
        case .success(let bytes):
            handle.respond(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil, state)
        case .failure(let error):
            handle.fail(error, state)
        }
    }
}
