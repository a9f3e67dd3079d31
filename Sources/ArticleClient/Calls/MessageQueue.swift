/// Messages in the order in which they came. The first one lives in the structure itself: a call with one answer, the
/// usual case, allocates nothing here.
struct MessageQueue {
    private var first: [UInt8]?
    private var rest: [[UInt8]] = []
    private var head = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { first == nil }

    mutating func append(_ message: [UInt8]) {
        byteCount += message.count
        if first == nil { first = message } else { rest.append(message) }
    }

    /// The message that `popFirst` would give.
    var next: [UInt8]? { first }

    mutating func popFirst() -> [UInt8]? {
        guard let message = first else { return nil }
        byteCount -= message.count
        first = nil
        if head < rest.count {
            first = rest[head]
            rest[head] = []
            head += 1
            if head == rest.count {
                rest.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 64, head > rest.count / 2 {
                rest.removeFirst(head)
                head = 0
            }
        }
        return message
    }

    mutating func removeAll() { self = MessageQueue() }
}
