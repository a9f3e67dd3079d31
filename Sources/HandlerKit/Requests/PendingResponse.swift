public import ArticleProtocol
internal import Synchronization

/// An answer that comes from elsewhere: a callback of the storage, another thread. The first completion counts; one that
/// is let go without any tells the client `internal`.
public final class PendingResponse: Sendable {
    private let handle: RequestHandle
    private let state: CallState?
    private let isOpen = Atomic(true)

    init(_ handle: RequestHandle, _ state: CallState?) {
        self.handle = handle
        self.state = state
    }

    deinit {
        if isOpen.load(ordering: .relaxed) { end(.failure(.unanswered)) }
    }

    /// Ends the request with an encoded message or an error; from any thread. Later calls do nothing.
    public func complete(_ result: Result<[UInt8], ServiceError>) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        end(result)
    }

    /// Ends the request with its one response message; from any thread.
    public func respond(_ message: some ProtocolMessage) { complete(.success(message.encoded())) }

    /// Ends the request with an error; from any thread.
    public func fail(_ error: ServiceError) { complete(.failure(error)) }

    private func end(_ result: Result<[UInt8], ServiceError>) {
        handle.onLoop { [handle, state] in
            switch result {
            case .success(let bytes):
                handle.respond(bytes.rawSpan, RawSpan(), RawSpan(), RawSpan(), checksum: nil, state)
            case .failure(let error):
                handle.fail(error, state)
            }
        }
    }
}
