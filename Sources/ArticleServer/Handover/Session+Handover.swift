internal import ArticleProtocol

extension Session {
    /// Whether another process could go on with it: nobody has said good-bye.
    var canBeHandedOver: Bool {
        switch phase {
        case .greeting, .established: true
        case .draining, .over, .closed: false
        }
    }

    /// No request is in flight, nor one that was abandoned and that its plugin works on still.
    var isAtRest: Bool { inFlight == 0 }

    /// Whether a request in flight cannot end before the client has sent something: the rest of its stream, or credit.
    var awaitsClient: Bool {
        unsafe streams.values.contains { slot in
            unsafe !slot.pointee.clientEnded || slot.pointee.isBlocked && slot.pointee.sendCredit <= 0
        }
    }

    /// Whether a request in flight began before that time and ends when its plugin wants, whatever the client does: no
    /// stream, or one that was abandoned and that its plugin works on still.
    func isSlow(since time: UInt64) -> Bool {
        guard inFlight > 0, phase != .closed else { return false }
        guard unsafe streams.count >= inFlight else { return true }
        return unsafe streams.values.contains { slot in
            guard unsafe slot.pointee.started < time else { return false }
            let target = unsafe loop.context.router.target(slot.pointee.route)
            return !target.streamsRequest && !target.streamsResponse
        }
    }

    /// What another process needs to know, but for the bytes in the connection's buffers and the method table's place.
    var record: HandoverConnection {
        var record = HandoverConnection()
        guard phase == .established else { return record }
        record.protocolVersion = Self.versions.upperBound  // the only one that there is
        record.clientMaxFrame = UInt32(clamping: clientMaxFrame)
        record.clientWindow = UInt32(clamping: clientWindow)
        record.terms = terms
        record.table = methods?.table
        return record
    }
}

/// The methods of a client that shook hands with a former process: what it calls by which number, and what that is now.
final class ClientMethods: Sendable {
    /// As the client was told.
    let table: MethodTable
    /// The number of today for each of the client's, from 1 on; 0: there is no such method any more.
    private let numbers: [UInt16]

    /// nil if the client's numbers are those of today.
    init?(_ table: MethodTable, _ router: Router) {
        let present = router.descriptions
        let isSame =
            table.methods.count == present.count
            && zip(table.methods, present).allSatisfy { $0.number == $1.number && Self.isSame($0, $1) }
        if isSame { return nil }
        let byName = Dictionary(present.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var numbers: [UInt16] = []
        for method in table.methods {
            guard let number = UInt16(exactly: method.number), number > 0 else { continue }
            if numbers.count < number {
                numbers.append(contentsOf: repeatElement(0, count: Int(number) - numbers.count))
            }
            // One that takes or gives its messages in another way now is not the method that the client means.
            guard let now = byName[method.name], Self.isSame(method, now) else { continue }
            numbers[Int(number) - 1] = UInt16(truncatingIfNeeded: now.number)
        }
        self.table = table
        self.numbers = numbers
    }

    /// The number of today, 0 if there is none.
    func number(for number: UInt16) -> UInt16 {
        let index = Int(number) - 1
        return numbers.indices.contains(index) ? numbers[index] : 0
    }

    private static func isSame(_ one: MethodDescription, _ other: MethodDescription) -> Bool {
        one.name == other.name && one.streamRequest == other.streamRequest
            && one.streamResponse == other.streamResponse
    }
}
