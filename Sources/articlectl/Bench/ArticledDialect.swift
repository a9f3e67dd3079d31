// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc

/// articled's frames, written and read in place: what is measured is the service, not a client library.
struct ArticledDialect: Dialect {
    private var requests: Requests
    private let verifies: Bool
    private(set) var errors: UInt64 = 0
    private(set) var firstError: String?

    init(_ requests: Requests, verifies: Bool) {
        self.requests = requests
        self.verifies = verifies
    }

    var largestRequest: Int { requests.largest }
    /// By article: the size of its answer, 0 if there was none. What a survey has found.
    var sizes: [UInt32] { requests.sizes }

    /// A stream's id is its place in the batch: it is free again when the batch is complete.
    @inline(__always)
    mutating func write(_ slot: Int, _ lane: UnsafeMutablePointer<Lane>, to target: UnsafeMutableRawPointer) -> Int {
        unsafe requests.write(slot, lane, to: target)
    }

    mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ lane: UnsafeMutablePointer<Lane>
    ) throws(CommandFailure) -> Int {
        var done = 0
        var position = 0
        while position < bytes.count {
            let start = unsafe bytes.baseAddress.unsafelyUnwrapped + position
            if unsafe lane.pointee.skip > 0 {
                let step = unsafe min(bytes.count - position, lane.pointee.skip)
                if verifies {
                    unsafe lane.pointee.checksum = CRC32C.checksum(
                        UnsafeRawBufferPointer(start: start, count: step), continuing: lane.pointee.checksum)
                }
                position += step
                unsafe lane.pointee.skip -= step
                if unsafe lane.pointee.skip == 0, unsafe lane.pointee.counts {
                    unsafe verify(lane)
                    done += 1
                }
                continue
            }
            var header = unsafe start
            if unsafe lane.pointee.headCount == 0, bytes.count - position >= FrameHeader.size {
                position += FrameHeader.size
            } else {
                let step = unsafe min(FrameHeader.size - lane.pointee.headCount, bytes.count - position)
                unsafe memcpy(lane.pointee.head + lane.pointee.headCount, start, step)
                unsafe lane.pointee.headCount += step
                position += step
                guard unsafe lane.pointee.headCount == FrameHeader.size else { break }
                unsafe lane.pointee.headCount = 0
                unsafe header = UnsafeRawPointer(lane.pointee.head)
            }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
            if try unsafe begin(FrameHeader(decoding: header), lane, rest) { done += 1 }
        }
        return done
    }

    /// A header is complete. True: it is all of an answer.
    @inline(__always)
    private mutating func begin(
        _ header: FrameHeader, _ lane: UnsafeMutablePointer<Lane>, _ rest: UnsafeRawBufferPointer
    ) throws(CommandFailure) -> Bool {
        let length = Int(header.payloadLength)
        guard length <= Limits.maxFrame else { throw .foreign("a frame of \(length) bytes: that is no articled") }
        let slot = Int(header.stream) &- 1
        unsafe lane.pointee.skip = length
        if header.kind == .message, header.flags == .end, slot >= 0, unsafe slot < lane.pointee.awaited {
            unsafe requests.judge(length, lane.pointee.expected[slot], &errors)
            unsafe lane.pointee.counts = true
            if verifies {
                unsafe lane.pointee.checksum = 0
                unsafe lane.pointee.wantedChecksum = header.checksum
            }
            return length == 0
        }
        return try unsafe other(header, lane, rest)
    }

    /// Anything but a good answer.
    @inline(never)
    private mutating func other(
        _ header: FrameHeader, _ lane: UnsafeMutablePointer<Lane>, _ rest: UnsafeRawBufferPointer
    ) throws(CommandFailure) -> Bool {
        unsafe lane.pointee.counts = header.kind == .error
        unsafe lane.pointee.wantedChecksum = header.checksum
        unsafe lane.pointee.checksum = 0
        let status = unsafe try? Status(
            decoding: UnsafeRawBufferPointer(rebasing: rest.prefix(Int(header.payloadLength))))
        switch header.kind {
        case .error:
            if requests.isMiss(status) { return header.payloadLength == 0 }
            errors += 1
            if firstError == nil { firstError = status.map(\.message) ?? "an error of \(header.payloadLength) bytes" }
            return header.payloadLength == 0
        case .goAway:
            unsafe lane.pointee.isLeaving = true
            return false
        case .message, .end, .hello:
            throw .foreign("an answer that fits no request: \(header.kind) on stream \(header.stream)")
        default: return false
        }
    }

    private mutating func verify(_ lane: UnsafeMutablePointer<Lane>) {
        guard verifies, unsafe lane.pointee.checksum != lane.pointee.wantedChecksum else { return }
        errors += 1
        if firstError == nil { firstError = "an answer's checksum is wrong" }
    }
}
