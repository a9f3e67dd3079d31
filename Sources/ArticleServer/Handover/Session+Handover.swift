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
