// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

extension Session {
    /// Whether another process can take it over: neither side has sent GO_AWAY.
    var canBeHandedOver: Bool {
        switch phase {
        case .greeting, .established: true
        case .draining, .over, .closed: false
        }
    }

    /// No request is in flight, not even an abandoned one that its plugin still works on.
    var isAtRest: Bool { inFlight == 0 }

    /// Whether a request in flight needs the client before it can end: the rest of its stream, or credit.
    var awaitsClient: Bool {
        unsafe streams.values.contains { slot in
            unsafe !slot.pointee.clientEnded || slot.pointee.isBlocked && slot.pointee.sendCredit <= 0
        }
    }

    /// Whether a request in flight began before that time and depends on its plugin alone: one without streams, or an
    /// abandoned one that its plugin still works on.
    func isSlow(since time: UInt64) -> Bool {
        guard inFlight > 0, phase != .closed else { return false }
        guard unsafe streams.count >= inFlight else { return true }
        return unsafe streams.values.contains { slot in
            guard unsafe slot.pointee.started < time else { return false }
            let target = unsafe loop.context.router.target(slot.pointee.route)
            return !target.streamsRequest && !target.streamsResponse
        }
    }

    /// What another process needs to know, without the connection's buffers and the index of its method table.
    var record: HandoverConnection {
        var record = HandoverConnection()
        guard phase == .established else { return record }
        record.protocolVersion = Self.versions.upperBound  // the only version
        record.clientMaxFrame = UInt32(clamping: clientMaxFrame)
        record.clientWindow = UInt32(clamping: clientWindow)
        record.terms = terms
        record.table = methods?.table
        return record
    }
}

/// The method numbers of a client that shook hands with a previous process, and what they are now.
final class ClientMethods: Sendable {
    /// The table that the client was given.
    let table: MethodTable
    /// The current number for each of the client's, from 1 on; 0 if the method no longer exists.
    private let numbers: [UInt16]

    /// nil if the client's numbers are the current ones.
    init?(_ table: MethodTable, _ router: Router) {
        let current = router.descriptions
        let isSame =
            table.methods.count == current.count
            && zip(table.methods, current).allSatisfy { $0.number == $1.number && Self.isSame($0, $1) }
        if isSame { return nil }
        let byName = Dictionary(current.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var numbers: [UInt16] = []
        for method in table.methods {
            guard let number = UInt16(exactly: method.number), number > 0 else { continue }
            if numbers.count < number {
                numbers.append(contentsOf: repeatElement(0, count: Int(number) - numbers.count))
            }
            // A method whose streaming has changed is not the method that the client means.
            guard let now = byName[method.name], Self.isSame(method, now) else { continue }
            numbers[Int(number) - 1] = UInt16(truncatingIfNeeded: now.number)
        }
        self.table = table
        self.numbers = numbers
    }

    /// The current number, 0 if there is none.
    func number(for number: UInt16) -> UInt16 {
        let index = Int(number) - 1
        return numbers.indices.contains(index) ? numbers[index] : 0
    }

    private static func isSame(_ one: MethodDescription, _ other: MethodDescription) -> Bool {
        one.name == other.name && one.streamRequest == other.streamRequest
            && one.streamResponse == other.streamResponse
    }
}
