/// The client's end.
extension Driver {
    /// Ends the thread once the last call is over, or its time is up.
    func finishClosing() {
        guard let closeBy else { return }
        let idle = waiting.isEmpty && (current?.isIdle ?? true) && leaving.allSatisfy(\.isIdle)
        guard idle || now >= closeBy else { return }
        for connection in [current].compactMap({ $0 }) + leaving {
            drop(connection)
            for case .some(let exchange) in connection.exchanges {
                exchange.seat.connection = nil
                end(exchange, .failure(.closed(endpoint)))
            }
        }
        for exchange in waiting { end(exchange, .failure(.closed(endpoint))) }
        waiting = []
        for submission in mailbox.retire() {
            switch submission {
            case .start(let exchange): end(exchange, .failure(.closed(endpoint)))
            case .close(_, let continuation): if let continuation { closers.append(continuation) }
            case .outgoing, .credit, .cancel: break
            }
        }
        for closer in closers { resumptions.append(.closer(closer)) }
        closers = []
        ended = true
    }
}
