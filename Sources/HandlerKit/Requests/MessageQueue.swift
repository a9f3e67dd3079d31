/// The messages of a streamed request that nobody has taken yet. What it holds is bounded by the client's credit.
struct MessageQueue {
    private var messages: [[UInt8]] = []
    private var taken = 0
    /// The client has sent its last message.
    private(set) var isClosed = false

    var isEmpty: Bool { taken == messages.count }

    mutating func append(_ message: [UInt8]) { messages.append(message) }

    mutating func close() { isClosed = true }

    mutating func take() -> [UInt8]? {
        guard taken < messages.count else { return nil }
        defer {
            taken += 1
            if taken == messages.count {
                messages.removeAll(keepingCapacity: true)
                taken = 0
            }
        }
        var message: [UInt8] = []
        swap(&message, &messages[taken])
        return message
    }
}
