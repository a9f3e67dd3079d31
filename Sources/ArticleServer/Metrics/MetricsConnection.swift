internal import LinuxRuntime

/// One client of the metrics listener: it gets one answer, and a few seconds for all of it.
///
/// Confined to the listener's thread.
final class MetricsConnection {
    let descriptor: Int32
    /// CLOCK_MONOTONIC, nanoseconds.
    private(set) var deadline: UInt64
    private(set) var state = State.reading
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var written = 0
    private var discarded = 0

    enum State {
        case reading
        case writing
        /// Everything was written. Closing with unread bytes could take the answer back, so the peer closes first.
        case lingering
        case over
    }

    /// For the whole exchange: one that sends a byte a second does not stay.
    static let patience: UInt64 = 10_000_000_000
    private static let lingering: UInt64 = 1_000_000_000
    /// Bytes that are thrown away behind a request before the connection is cut.
    private static let mostDiscarded = 1 << 20

    init(descriptor: Int32, now: UInt64) {
        self.descriptor = descriptor
        deadline = now &+ Self.patience
    }

    deinit { Descriptor.close(descriptor) }

    /// What to wait for.
    var interest: Poller.Readiness { state == .writing ? .writable : .readable }

    /// The descriptor is ready for something.
    func proceed(at now: UInt64, _ answer: (HTTPRequest) -> HTTPResponse) {
        switch state {
        case .reading: read(at: now, answer)
        case .writing: write(at: now)
        case .lingering: discard()
        case .over: break
        }
    }

    /// The time is over.
    func expire(at now: UInt64) {
        guard now >= deadline else { return }
        if state == .reading, !input.isEmpty {
            reply(HTTPResponse(.requestTimeout), at: now)
        } else {
            state = .over
        }
    }

    private func read(at now: UInt64, _ answer: (HTTPRequest) -> HTTPResponse) {
        switch receive() {
        case .some(let bytes): input += bytes
        case .none: return
        }
        switch HTTPRequest.read(input) {
        case .incomplete: break
        case .request(let request): reply(answer(request), at: now)
        case .fault(let status): reply(HTTPResponse(status), at: now)
        }
    }

    private func reply(_ response: HTTPResponse, at now: UInt64) {
        output = response.bytes
        input = []
        state = .writing
        deadline = max(deadline, now &+ Self.lingering)
        write(at: now)
    }

    private func write(at now: UInt64) {
        while written < output.count {
            let transfer = unsafe output.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return StreamSocket.Transfer.wouldBlock }
                return unsafe StreamSocket.send(descriptor, from: base + written, count: bytes.count - written)
            }
            switch transfer {
            case .bytes(let count): written += count
            case .wouldBlock: return
            case .ended, .failed:
                state = .over
                return
            }
        }
        output = []
        StreamSocket.endSending(descriptor)
        state = .lingering
        deadline = now &+ Self.lingering
    }

    private func discard() {
        guard let bytes = receive() else { return }
        discarded += bytes.count
        if discarded > Self.mostDiscarded { state = .over }
    }

    /// nil if nothing came; at the end of the input the connection is over.
    private func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: HTTPRequest.longest)
        let transfer = unsafe buffer.withUnsafeMutableBytes { memory in
            guard let base = memory.baseAddress else { return StreamSocket.Transfer.wouldBlock }
            return unsafe StreamSocket.receive(descriptor, into: base, capacity: memory.count)
        }
        switch transfer {
        case .bytes(let count): return Array(buffer[..<count])
        case .wouldBlock: return nil
        case .ended, .failed:
            state = .over
            return nil
        }
    }
}
