// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import LinuxRuntime

/// A closed loop on one thread: each connection sends a batch with one system call, awaits all of its answers, and sends
/// the next. Latency is from the sending of a batch to each answer in it.
///
/// A connection that is lost is made again at once, which blocks all others for that long: they are most likely lost too.
@safe struct LoadGenerator<Language: Dialect>: ~Copyable {
    private(set) var dialect: Language
    private let pipeline: Int
    private let poller: Int32
    private let lanes: UnsafeMutableBufferPointer<Lane>
    private let input: UnsafeMutableRawBufferPointer
    private let reconnect: (() throws(CommandFailure) -> BenchConnection)?
    private var live: Int
    private var lastAnswerAt: UInt64 = 0
    /// The time that is measured. What a batch sends counts if the batch begins in it.
    private var measured: Range<UInt64> = 0..<0
    private var sentBytes: UInt64 = 0

    /// What was measured after the warm-up.
    struct Result {
        var seconds = 0.0
        var requests: UInt64 = 0
        /// Received.
        var bytes: UInt64 = 0
        var sentBytes: UInt64 = 0
        var latency = LatencyHistogram()
        /// How many cores the generator itself was busy with: near 1, it and not the service is the limit.
        var generatorCores = 0.0
        /// Requests that were on a connection which was lost before the answer came.
        var lost: UInt64 = 0
        /// Connections that were made again, after they were lost or the service said go-away.
        var reconnects = 0
        /// The longest time in which no connection had an answer, nanoseconds.
        var longestPause: UInt64 = 0
    }

    /// Takes over the connections: connected, and beyond any handshake.
    ///
    /// - Parameter reconnect: makes another connection for one that was lost; without it, such a loss ends the run.
    init(
        _ dialect: Language, connections: [BenchConnection], pipeline: Int,
        reconnect: (() throws(CommandFailure) -> BenchConnection)? = nil
    ) throws(CommandFailure) {
        self.dialect = dialect
        self.reconnect = reconnect
        self.pipeline = pipeline
        poller = clinux_epoll_create()
        live = connections.count
        unsafe lanes = .allocate(capacity: connections.count)
        unsafe input = .allocate(byteCount: 256 << 10, alignment: 64)
        for (index, connection) in connections.enumerated() {
            let lane = Lane(
                connection, pipeline: pipeline, outputCapacity: dialect.largestRequest * pipeline)
            unsafe lanes.initializeElement(at: index, to: lane)
            try watch(connection.descriptor, index)
        }
    }

    deinit {
        for index in unsafe lanes.indices {
            close(unsafe lanes[index].descriptor)
            unsafe lanes[index].deallocate()
        }
        unsafe lanes.deinitialize()
        unsafe lanes.deallocate()
        unsafe input.deallocate()
        close(poller)
    }

    /// Runs for `seconds` after a warm-up, or until Ctrl-C; with 0 seconds, until the dialect has no more requests, measuring
    /// from the start.
    mutating func run(
        seconds: Double, warmUp: Double, isInterruptible: Bool = true
    ) throws(CommandFailure) -> Result {
        let began = clinux_now()
        let from = seconds > 0 ? began + UInt64(warmUp * 1e9) : began
        var until = seconds > 0 ? from + UInt64(seconds * 1e9) : UInt64.max
        measured = from..<until
        sentBytes = 0
        var result = Result()
        let cpuAtStart = Self.processorTime()
        lastAnswerAt = began
        for index in unsafe lanes.indices { try goOn(index, from: from, until: until, &result) }
        var events = [clinux_event](repeating: clinux_event(), count: 256)
        while live > 0 {
            let count = unsafe events.withUnsafeMutableBufferPointer {
                unsafe clinux_epoll_wait(poller, $0.baseAddress, Int32($0.count), 10_000)
            }
            if isInterruptible, Signals.isInterrupted { until = min(until, clinux_now()) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unavailable("no answer within 10 s: the service hangs, or answers are lost") }
            for position in 0..<Int(count) {
                try handle(events[position], from: from, until: until, &result)
            }
        }
        let ended = clinux_now()
        guard until > from else { throw CommandFailure(.interrupted, "stopped before anything was measured") }
        result.sentBytes = sentBytes
        result.seconds = Double(min(ended, until) - from) / 1e9
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
            guard send(index) else { return try lose(index, from: from, until: until, &result) }
        }
        guard event.events & ~UInt32(CLINUX_WRITABLE) != 0 else { return }
        while try receive(index, from: from, until: until, &result), unsafe lane.pointee.connection.hasUnread {}
    }

    /// Reads once. False: the lane has ended, or has another connection.
    @inline(__always)
    private mutating func receive(
        _ index: Int, from: UInt64, until: UInt64, _ result: inout Result
    ) throws(CommandFailure) -> Bool {
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        let transfer = unsafe lane.pointee.connection.receive(into: input.baseAddress, capacity: input.count)
        if case .wouldBlock = transfer { return true }
        guard case .bytes(let got) = transfer else {
            try lose(index, from: from, until: until, &result)
            return false
        }
        let now = clinux_now()
        let measured = now >= from && now < until
        let done = try unsafe dialect.read(UnsafeRawBufferPointer(rebasing: input[..<got]), lane)
        if measured { result.bytes += UInt64(got) }
        guard done > 0 else { return true }
        unsafe lane.pointee.answered += done
        // Only as far as it lies in the time that is measured.
        let since = max(lastAnswerAt, from)
        if now > since, since < until { result.longestPause = max(result.longestPause, min(now, until) - since) }
        lastAnswerAt = now
        if measured {
            result.requests += UInt64(done)
            unsafe result.latency.add(clinux_elapsed(lane.pointee.startedAt, now), count: done)
        }
        guard unsafe lane.pointee.answered >= lane.pointee.awaited else { return true }
        guard now < until else {
            live -= 1
            return false
        }
        if unsafe lane.pointee.isLeaving {
            try replace(index, &result)
            return false
        }
        try goOn(index, from: from, until: until, &result)
        return false
    }

    /// Sends the next batch. A connection that is lost by then is made again.
    private mutating func goOn(
        _ index: Int, from: UInt64, until: UInt64, _ result: inout Result
    ) throws(CommandFailure) {
        guard try !startBatch(index) else { return }
        try lose(index, from: from, until: until, &result)
    }

    /// The connection broke, with part of its batch unanswered.
    @inline(never)
    private mutating func lose(
        _ index: Int, from: UInt64, until: UInt64, _ result: inout Result
    ) throws(CommandFailure) {
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        let now = clinux_now()
        let unanswered = unsafe lane.pointee.awaited - lane.pointee.answered
        if now >= from, now < until { result.lost += UInt64(unanswered) }
        guard now < until else {
            _ = unsafe clinux_epoll_remove(poller, lane.pointee.descriptor)
            live -= 1
            return
        }
        try replace(index, &result)
    }

    /// Makes another connection in place of one, and goes on.
    private mutating func replace(_ index: Int, _ result: inout Result) throws(CommandFailure) {
        guard let reconnect else { throw .unavailable("the service closed a connection") }
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        _ = unsafe clinux_epoll_remove(poller, lane.pointee.descriptor)
        result.reconnects += 1
        let connection = try reconnect()
        unsafe lane.pointee.replace(connection)
        try watch(connection.descriptor, index)
        guard try startBatch(index) else { throw .unavailable("the service closes every connection at once") }
    }

    private func watch(_ descriptor: Int32, _ index: Int) throws(CommandFailure) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        guard clinux_epoll_add(poller, descriptor, UInt32(CLINUX_READABLE), UInt64(index)) == 0 else {
            throw .unavailable("epoll: error \(errno)")
        }
    }

    /// False: the connection broke.
    private mutating func startBatch(_ index: Int) throws(CommandFailure) -> Bool {
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
        if count > 0 { return send(index) }
        live -= 1
        return true
    }

    /// Sends what there is room for. False: the connection broke.
    private mutating func send(_ index: Int) -> Bool {
        let lane = unsafe lanes.baseAddress.unsafelyUnwrapped + index
        while unsafe lane.pointee.outputSent < lane.pointee.outputCount {
            let transfer = unsafe lane.pointee.connection.send(
                from: lane.pointee.output + lane.pointee.outputSent,
                count: lane.pointee.outputCount - lane.pointee.outputSent)
            switch transfer {
            case .bytes(let sent):
                unsafe lane.pointee.outputSent += sent
                if unsafe measured.contains(lane.pointee.startedAt) { sentBytes += UInt64(sent) }
            case .wouldBlock:
                let interest = UInt32(CLINUX_READABLE | CLINUX_WRITABLE)
                _ = unsafe clinux_epoll_modify(poller, lane.pointee.descriptor, interest, UInt64(index))
                return true
            case .ended, .failed: return false
            }
        }
        return true
    }

    /// User and system time of this process, nanoseconds.
    private static func processorTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
