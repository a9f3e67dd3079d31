// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxRuntime
import Testing

/// A connected pair of non-blocking stream sockets.
private func socketPair() throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    try #require(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
    return (ends[0], ends[1])
}

@Suite struct DescriptorTests {
    @Test func anOwnedDescriptorIsClosedAtTheEnd() throws {
        let (here, there) = try socketPair()
        let reader = Descriptor(owning: there)
        do {
            let owned = Descriptor(owning: here)
            #expect(owned.number == here)
        }
        var byte: UInt8 = 0
        guard case .ended = unsafe StreamSocket.receive(reader.number, into: &byte, capacity: 1) else {
            Issue.record("the other end is still open")
            return
        }
    }

    @Test func anEventIsReadableUntilItIsCleared() throws {
        let event = try EventDescriptor()
        let early = event.wait(until: MonotonicClock.after(.milliseconds(5)))
        #expect(!early)
        event.signal()
        event.signal()
        let signalled = event.wait(until: 0)
        #expect(signalled)
        #expect(Wait.until(0, readable: [event.number]))
        event.clear()
        let cleared = event.wait(until: 0)
        #expect(!cleared)
    }

    @Test func anEventOfAnotherThreadEndsTheWait() throws {
        final class Holder: Sendable {
            let event: EventDescriptor
            init() throws { event = try EventDescriptor() }
        }
        let holder = try Holder()
        let thread = try Thread("signals") { holder.event.signal() }
        let signalled = holder.event.wait(until: MonotonicClock.after(.seconds(30)))
        thread.join()
        #expect(signalled)
    }

    @Test func aTimerKeepsTheEarliestTime() throws {
        let timer = try TimerDescriptor()
        let far = MonotonicClock.after(.seconds(600))
        timer.arm(by: far)
        #expect(!Wait.until(0, readable: [timer.number]))
        timer.arm(by: MonotonicClock.after(.milliseconds(1)))
        timer.arm(by: far)
        #expect(Wait.until(MonotonicClock.after(.seconds(30)), readable: [timer.number]))
        timer.disarm()
        #expect(!Wait.until(0, readable: [timer.number]))
    }

    @Test func aPollerTellsWhichDescriptorIsReady() throws {
        let (here, there) = try socketPair()
        let owner = Descriptor(owning: here)
        let other = Descriptor(owning: there)
        let poller = try Poller()
        try poller.add(owner.number, .readable, token: 7)
        #expect(poller.wait(timeout: 0) == 0)
        try poller.modify(owner.number, [.readable, .writable], token: 8)
        #expect(poller.wait(timeout: 0) == 1)
        #expect(poller.event(0) == (8, .writable))
        guard case .bytes(2) = unsafe StreamSocket.send(other.number, from: [1, 2] as [UInt8], count: 2) else {
            Issue.record("the socket took nothing")
            return
        }
        #expect(poller.wait(timeout: -1) == 1)
        #expect(poller.event(0).readiness == [.readable, .writable])
        poller.remove(owner.number)
        #expect(poller.wait(timeout: 0) == 0)
        #expect(throws: SystemError("epoll_ctl", code: ENOENT)) {
            try poller.modify(owner.number, .readable, token: 8)
        }
    }

    @Test func aPollerReportsNoMoreThanItsCapacity() throws {
        let poller = try Poller(capacity: 2)
        let events = try (0..<3).map { _ in try Shared(EventDescriptor()) }
        for (index, event) in events.enumerated() {
            try poller.add(event.descriptor.number, .readable, token: UInt64(index))
            event.descriptor.signal()
        }
        #expect(poller.wait(timeout: 0) == 2)
    }

    private final class Shared {
        let descriptor: EventDescriptor
        init(_ descriptor: consuming EventDescriptor) { self.descriptor = descriptor }
    }
}

@Suite struct StreamSocketTests {
    @Test func transfersTellWhatHappened() throws {
        let (here, there) = try socketPair()
        let reader = Descriptor(owning: here)
        let writer = Descriptor(owning: there)
        var bytes = [UInt8](repeating: 0, count: 4)
        func receive() -> String {
            "\(unsafe StreamSocket.receive(reader.number, into: &bytes, capacity: bytes.count))"
        }
        #expect(receive() == "wouldBlock")
        _ = unsafe StreamSocket.send(writer.number, from: [1, 2, 3] as [UInt8], count: 3)
        #expect(receive() == "bytes(3)")
        #expect(bytes == [1, 2, 3, 0])
        StreamSocket.endSending(writer.number)
        #expect(receive() == "ended")
        StreamSocket.endSending(reader.number)
        let refused = unsafe StreamSocket.send(reader.number, from: bytes, count: 1)
        #expect("\(refused)" == "failed(\(EPIPE))", "and the process is not ended by SIGPIPE")
    }

    @Test func aFullSocketWouldBlock() throws {
        let (here, there) = try socketPair()
        let reader = Descriptor(owning: here)
        let writer = Descriptor(owning: there)
        let block = [UInt8](repeating: 1, count: 1 << 20)
        var sent = 0
        while case .bytes(let count) = unsafe StreamSocket.send(writer.number, from: block, count: block.count) {
            sent += count
        }
        #expect(sent > 0)
        guard case .wouldBlock = unsafe StreamSocket.send(writer.number, from: block, count: 1) else {
            Issue.record("a full socket took more")
            return
        }
        withExtendedLifetime(reader) {}
    }

    @Test func anErrorNamesTheCallAndTheReason() {
        let error = SystemError("connect", code: ECONNREFUSED)
        #expect("\(error)" == "connect: Connection refused")
        #expect(error.text == "Connection refused")
        #expect(SystemError.text(of: 12345) == "error 12345")
        #expect(unsafe open("/nonexistent", O_RDONLY) < 0)
        #expect(SystemError("open").code == ENOENT)
    }
}
