import CLinux
import Glibc

/// A closed loop on one thread: each connection sends a batch with one system call, awaits all of its answers, and sends
/// the next. Latency is from the sending of a batch to each answer in it.
@safe struct LoadGenerator<Language: Dialect>: ~Copyable {
    private(set) var dialect: Language
    private let pipeline: Int
    private let poller: Int32
    private let lanes: UnsafeMutableBufferPointer<Lane>
    private let input: UnsafeMutableRawBufferPointer
    private var live: Int

    /// What was measured after the warm-up.
    struct Result {
        var seconds = 0.0
        var requests: UInt64 = 0
        var bytes: UInt64 = 0
        var latency = LatencyHistogram()
        /// How many cores the generator itself was busy with: near 1, it and not the service is the limit.
        var generatorCores = 0.0
    }

    /// Takes over the descriptors: connected, and beyond any handshake.
    init(_ dialect: Language, descriptors: [Int32], pipeline: Int) throws(CommandFailure) {
        self.dialect = dialect
        self.pipeline = pipeline
        poller = clinux_epoll_create()
        live = descriptors.count
        unsafe lanes = .allocate(capacity: descriptors.count)
        unsafe input = .allocate(byteCount: 256 << 10, alignment: 64)
        for (index, descriptor) in descriptors.enumerated() {
            let lane = Lane(
                descriptor: descriptor, pipeline: pipeline, outputCapacity: dialect.largestRequest * pipeline)
            unsafe lanes.initializeElement(at: index, to: lane)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            guard clinux_epoll_add(poller, descriptor, UInt32(CLINUX_READABLE), UInt64(index)) == 0 else {
                throw .unavailable("epoll: error \(errno)")
            }
        }
    }

    deinit {
        for index in unsafe lanes.indices {
            close(unsafe lanes[index].descriptor)
            unsafe lanes[index].deallocate()
        }
        unsafe lanes.deallocate()
        unsafe input.deallocate()
        close(poller)
    }

    /// Runs for `seconds` after a warm-up; with 0 seconds, until the dialect has no more requests, measuring from the start.
    mutating func run(seconds: Double, warmUp: Double) throws(CommandFailure) -> Result {
        let began = clinux_now()
        let from = seconds > 0 ? began + UInt64(warmUp * 1e9) : began
        let until = seconds > 0 ? from + UInt64(seconds * 1e9) : UInt64.max
        var result = Result()
        let cpuAtStart = Self.processorTime()
        for index in unsafe lanes.indices { try startBatch(index) }
        var events = [clinux_event](repeating: clinux_event(), count: 256)
        while live > 0 {
            let count = unsafe events.withUnsafeMutableBufferPointer {
                unsafe clinux_epoll_wait(poller, $0.baseAddress, Int32($0.count), 10_000)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unavailable("no answer within 10 s: the service hangs, or answers are lost") }
            for position in 0..<Int(count) {
                try handle(events[position], from: from, until: until, &result)
            }
        }
        let ended = clinux_now()
        result.seconds = seconds > 0 ? seconds : Double(ended - began) / 1e9
        result.generatorCores = Double(Self.processorTime() - cpuAtStart) / Double(ended - began)
        return result
    }

    @inline(__always)
    private mutating func handle(
        _ event: clinux_event, from: UInt64, until: UInt64, _ result: inout Result
    ) throws(CommandFailure) {
        let index = Int(event.token)
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index  // the tokens are the indices given to the poller
        if event.events & UInt32(CLINUX_WRITABLE) != 0 {
            _ = unsafe clinux_epoll_modify(poller, lane.pointee.descriptor, UInt32(CLINUX_READABLE), event.token)
            try send(index)
        }
        guard event.events & ~UInt32(CLINUX_WRITABLE) != 0 else { return }
        let got = unsafe recv(lane.pointee.descriptor, input.baseAddress, input.count, 0)
        if got < 0, errno == EAGAIN || errno == EINTR { return }
        guard got > 0 else { throw .unavailable("the service closed a connection") }
        let now = clinux_now()
        let measured = now >= from && now < until
        let done = try unsafe dialect.read(UnsafeRawBufferPointer(rebasing: input[..<got]), lane)
        if measured { result.bytes += UInt64(got) }
        guard done > 0 else { return }
        unsafe lane.pointee.answered += done
        if measured {
            result.requests += UInt64(done)
            unsafe result.latency.add(now - lane.pointee.startedAt, count: done)
        }
        guard unsafe lane.pointee.answered >= lane.pointee.awaited else { return }
        if now < until { try startBatch(index) } else { live -= 1 }
    }

    private mutating func startBatch(_ index: Int) throws(CommandFailure) {
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        var size = 0
        var count = 0
        while count < pipeline {
            let written = unsafe dialect.write(count, lane, to: lane.pointee.output + size)
            if written == 0 { break }
            size += written
            count += 1
        }
        unsafe lane.pointee.outputCount = size
        unsafe lane.pointee.outputSent = 0
        unsafe lane.pointee.awaited = count
        unsafe lane.pointee.answered = 0
        unsafe lane.pointee.startedAt = clinux_now()
        if count == 0 { live -= 1 } else { try send(index) }
    }

    private func send(_ index: Int) throws(CommandFailure) {
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        while unsafe lane.pointee.outputSent < lane.pointee.outputCount {
            let sent = unsafe Glibc.send(
                lane.pointee.descriptor, lane.pointee.output + lane.pointee.outputSent,
                lane.pointee.outputCount - lane.pointee.outputSent, Int32(MSG_NOSIGNAL))
            if sent >= 0 {
                unsafe lane.pointee.outputSent += sent
            } else if errno == EAGAIN {
                let interest = UInt32(CLINUX_READABLE | CLINUX_WRITABLE)
                _ = unsafe clinux_epoll_modify(poller, lane.pointee.descriptor, interest, UInt64(index))
                return
            } else if errno != EINTR {
                throw .unavailable("the service closed a connection: error \(errno)")
            }
        }
    }

    /// User and system time of this process, nanoseconds.
    private static func processorTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
