// SPDX-License-Identifier: Apache-2.0
import Glibc

/// RESP2, for a Redis beside articled on the same load: GET, SET and DEL of `key:%012d`, as redis-benchmark names them.
struct RedisDialect: Dialect {
    enum Operation {
        /// Keys at random.
        case get, set
        /// Each key once, in order.
        case load, remove
    }

    private let operation: Operation
    private let bodies: Bodies
    private var random: RandomSequence
    private var next = 0
    private(set) var errors: UInt64 = 0
    private(set) var firstError: String?

    init(_ operation: Operation, _ bodies: Bodies, seed: UInt64) {
        self.operation = operation
        self.bodies = bodies
        random = RandomSequence(seed: seed)
    }

    var largestRequest: Int { 96 + (carriesBody ? bodies.largest : 0) }
    private var carriesBody: Bool { operation == .set || operation == .load }

    @inline(__always)
    mutating func write(_ slot: Int, _ lane: UnsafeMutablePointer<Lane>, to target: UnsafeMutableRawPointer) -> Int {
        let number: Int
        if operation == .load || operation == .remove {
            guard next < bodies.count else { return 0 }
            number = next
            next += 1
        } else {
            number = random.next(below: bodies.count)
        }
        unsafe lane.pointee.expected[slot] = UInt32(truncatingIfNeeded: number)
        var end = unsafe target
        switch operation {
        case .get: unsafe Self.put("*2\r\n$3\r\nGET\r\n$16\r\nkey:", &end)
        case .set, .load: unsafe Self.put("*3\r\n$3\r\nSET\r\n$16\r\nkey:", &end)
        case .remove: unsafe Self.put("*2\r\n$3\r\nDEL\r\n$16\r\nkey:", &end)
        }
        var rest = number
        for place in stride(from: 11, through: 0, by: -1) {
            unsafe end.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: place, as: UInt8.self)
            rest /= 10
        }
        unsafe end += 12
        unsafe Self.put("\r\n", &end)
        if carriesBody {
            let body = unsafe bodies[number]
            unsafe Self.put("$", &end)
            unsafe Self.put(decimal: body.count, &end)
            unsafe Self.put("\r\n", &end)
            unsafe end.copyMemory(from: body.baseAddress.unsafelyUnwrapped, byteCount: body.count)
            unsafe end += body.count
            unsafe Self.put("\r\n", &end)
        }
        return unsafe end - target
    }

    mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ lane: UnsafeMutablePointer<Lane>
    ) throws(CommandFailure) -> Int {
        var done = 0
        var position = 0
        while position < bytes.count {
            if unsafe lane.pointee.skip > 0 {
                let step = unsafe min(bytes.count - position, lane.pointee.skip)
                position += step
                unsafe lane.pointee.skip -= step
                if unsafe lane.pointee.skip == 0 { done += 1 }
                continue
            }
            let start = unsafe bytes.baseAddress.unsafelyUnwrapped + position
            let left = bytes.count - position
            let newline = unsafe memchr(start, 10, left)
            let size = unsafe newline.map { unsafe UnsafeRawPointer($0) - start + 1 } ?? left
            guard unsafe lane.pointee.headCount + size <= Lane.headCapacity else {
                throw .foreign("the peer's answer is no RESP: a line without an end")
            }
            unsafe (lane.pointee.head + lane.pointee.headCount).update(
                from: start.assumingMemoryBound(to: UInt8.self), count: size)
            unsafe lane.pointee.headCount += size
            position += size
            guard unsafe newline != nil else { break }
            let slot = unsafe lane.pointee.answered + done
            if unsafe line(lane, slot) { done += 1 }
            unsafe lane.pointee.headCount = 0
        }
        return done
    }

    /// A line is complete. True: it is all of an answer.
    private mutating func line(_ lane: UnsafeMutablePointer<Lane>, _ slot: Int) -> Bool {
        let text = unsafe UnsafeBufferPointer(start: lane.pointee.head, count: lane.pointee.headCount)
        if operation != .get {
            if unsafe text[0] != (operation == .remove ? UInt8(ascii: ":") : UInt8(ascii: "+")) { unsafe note(text) }
            return true
        }
        var length = -1
        if unsafe text[0] == UInt8(ascii: "$"), text.count > 1, unsafe text[1] != UInt8(ascii: "-") {
            length = 0
            for place in 1..<max(1, text.count - 2) {
                unsafe length = (length * 10 + Int(text[place]) - 48) & 0x3fff_ffff
            }
        }
        let number = unsafe Int(lane.pointee.expected[slot])
        if length != bodies.size(number) { unsafe note(text) }
        guard length >= 0 else { return true }
        unsafe lane.pointee.skip = length + 2
        return false
    }

    private mutating func note(_ text: UnsafeBufferPointer<UInt8>) {
        errors += 1
        if firstError == nil { unsafe firstError = "answer \(String(decoding: text.dropLast(2), as: UTF8.self))" }
    }

    @inline(__always)
    private static func put(_ text: StaticString, _ end: inout UnsafeMutableRawPointer) {
        unsafe end.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        unsafe end += text.utf8CodeUnitCount
    }

    private static func put(decimal number: Int, _ end: inout UnsafeMutableRawPointer) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            unsafe end.storeBytes(of: UInt8(48 + number / divisor % 10), as: UInt8.self)
            unsafe end += 1
            divisor /= 10
        }
    }
}
