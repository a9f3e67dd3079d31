/// A suspended task with what it has waited for. Collected while the I/O thread works, and resumed when it holds no
/// lock and has sent what it had to send.
enum Resumption: Sendable {
    case reader(CheckedContinuation<Delivery, Never>, Delivery)
    case writer(CheckedContinuation<ClientError?, Never>, ClientError?)
    case closer(CheckedContinuation<Void, Never>)

    func resume() {
        switch self {
        case .reader(let continuation, let delivery): continuation.resume(returning: delivery)
        case .writer(let continuation, let error): continuation.resume(returning: error)
        case .closer(let continuation): continuation.resume()
        }
    }
}
