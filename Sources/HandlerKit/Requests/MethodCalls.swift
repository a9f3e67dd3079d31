// SPDX-License-Identifier: Apache-2.0
public import ArticleProtocol

extension Call {
    /// Calls another plugin's method, and waits for its single response message.
    ///
    /// The method is called on the same event loop, for the same peer: it needs the peer's role, and ends with this
    /// request or its deadline.
    ///
    /// - Parameters:
    ///   - method: the method's name: "fetch.get".
    ///   - message: the encoded request message.
    ///   - deadline: if it shall be earlier than this request's.
    /// - Throws: the method's error, or why it was not called: `unimplemented` if there is no such method,
    ///   `permissionDenied` if the peer lacks the role.
    public func call(
        _ method: String, _ message: [UInt8], deadline: Deadline? = nil
    ) async throws(ServiceError) -> [UInt8] {
        try await OpenCall.begin(method, message, deadline: deadline, state).single(method)
    }

    /// Calls another plugin's method, as `call` does with an encoded message.
    public func call(
        _ method: String, _ message: some ProtocolMessage, deadline: Deadline? = nil
    ) async throws(ServiceError) -> [UInt8] {
        try await call(method, message.encoded(), deadline: deadline)
    }

    /// Calls another plugin's method that streams its response.
    public func stream(_ method: String, _ message: [UInt8], deadline: Deadline? = nil) -> MethodResponses {
        MethodResponses { [state] in OpenCall.begin(method, message, deadline: deadline, state) }
    }
}

extension PluginContext {
    /// Calls another plugin's method from background work, and waits for its single response message.
    ///
    /// The call has all roles. From a handler, use `Call.call(_:_:deadline:)`, which keeps to what the peer may do.
    ///
    /// - Parameters:
    ///   - method: the method's name: "fetch.get".
    ///   - message: the encoded request message.
    ///   - deadline: when the answer is no longer of use; 30 seconds from now without one, or never for an endless method.
    /// - Throws: the method's error, or why it was not called: `unavailable` before the service has started, and once it
    ///   is stopping.
    public func call(
        _ method: String, _ message: [UInt8], deadline: Deadline? = nil
    ) async throws(ServiceError) -> [UInt8] {
        guard let host else { throw Self.noHost }
        return try await OpenCall.begin(method, message, deadline: deadline, host).single(method)
    }

    /// Calls another plugin's method, as `call` does with an encoded message.
    public func call(
        _ method: String, _ message: some ProtocolMessage, deadline: Deadline? = nil
    ) async throws(ServiceError) -> [UInt8] {
        try await call(method, message.encoded(), deadline: deadline)
    }

    /// Calls another plugin's method that streams its response, from background work.
    public func stream(_ method: String, _ message: [UInt8], deadline: Deadline? = nil) -> MethodResponses {
        MethodResponses { [host] () throws(ServiceError) in
            guard let host else { throw Self.noHost }
            return OpenCall.begin(method, message, deadline: deadline, host)
        }
    }

    private static var noHost: ServiceError {
        ServiceError(.unavailable, "this plugin runs without articled, so there are no methods to call")
    }
}

/// The encoded messages of a streamed response of another plugin's method.
///
/// The call begins with the iterator, and is cancelled if the iterator goes before the end. Messages that are not read
/// hold the other plugin back. Use one iterator, in one task.
public struct MethodResponses: AsyncSequence, Sendable {
    /// An encoded message.
    public typealias Element = [UInt8]
    /// Why the call ended.
    public typealias Failure = ServiceError

    let begin: @Sendable () throws(ServiceError) -> OpenCall

    init(_ begin: @escaping @Sendable () throws(ServiceError) -> OpenCall) { self.begin = begin }

    /// Reads messages, one at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let call: Result<Lifetime, ServiceError>

        fileprivate init(_ begin: () throws(ServiceError) -> OpenCall) {
            call = Result { () throws(ServiceError) in Lifetime(try begin()) }
        }

        /// The next message; `nil` after the last one. Throws the method's error.
        public mutating func next() async throws(ServiceError) -> [UInt8]? { try await call.get().call.next() }

        /// The next message; `nil` after the last one. Throws the method's error.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ServiceError) -> [UInt8]? {
            try await call.get().call.next()
        }
    }

    /// Begins the call.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(begin) }

    /// Cancels the call when its iterator goes.
    private final class Lifetime: Sendable {
        let call: OpenCall
        init(_ call: OpenCall) { self.call = call }
        deinit { call.cancel() }
    }
}

extension OpenCall {
    /// The single message of the response.
    fileprivate func single(_ method: String) async throws(ServiceError) -> [UInt8] {
        guard let message = try await next() else {
            throw ServiceError(.internal, "\(method) ended without an answer")
        }
        guard try await next() == nil else {
            cancel()
            throw ServiceError(.failedPrecondition, "\(method) streams its response: call it with `stream`")
        }
        return message
    }
}
