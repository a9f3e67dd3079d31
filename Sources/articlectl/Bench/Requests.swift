// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// What is asked of articled, and what the answer should be.
@safe struct Requests {
    enum Operation {
        /// Each article once, in order, noting the sizes of the answers.
        case survey
        /// Articles at random, each answer at least as large as the survey found it.
        case fetch
        /// New articles with new ids.
        case store
        /// Texts at random.
        case classify
        case ping
    }

    private let operation: Operation
    private let method: UInt16
    private let bodies: Bodies
    /// For operations whose requests do not change but for the stream id: all frames, one behind the other.
    private let frames: UnsafeMutableRawPointer
    private let frameSize: Int
    private var random: RandomSequence
    private var next = 0
    /// The ids of what is stored.
    private let sequence: StoreSequence
    /// By article: the size of its answer.
    private(set) var sizes: [UInt32]
    let largest: Int

    init(
        _ operation: Operation, method: UInt16, bodies: Bodies, sizes: [UInt32] = [], seed: UInt64,
        sequence: StoreSequence = StoreSequence()
    ) {
        self.operation = operation
        self.sequence = sequence
        self.method = method
        self.bodies = bodies
        random = RandomSequence(seed: seed)
        self.sizes = operation == .survey ? [UInt32](repeating: 0, count: bodies.count) : sizes
        switch operation {
        case .survey, .fetch:
            frameSize = FrameHeader.size + 18
            largest = frameSize
            unsafe frames = .allocate(byteCount: frameSize * bodies.count, alignment: 64)
            for number in 0..<bodies.count {
                let id = ArticleID(bench: number, of: bodies)
                unsafe Self.write(frame: GetRequest(id: id).encoded(), method, to: frames + number * frameSize)
            }
        case .ping:
            frameSize = FrameHeader.size
            largest = frameSize
            unsafe frames = .allocate(byteCount: frameSize, alignment: 64)
            unsafe Self.write(frame: [], method, to: frames)
        case .store, .classify:
            frameSize = 0
            largest = FrameHeader.size + 64 + bodies.largest
            unsafe frames = .allocate(byteCount: 64, alignment: 64)
        }
    }

    @inline(__always)
    mutating func write(_ slot: Int, _ lane: UnsafeMutablePointer<Lane>, to target: UnsafeMutableRawPointer) -> Int {
        let number: Int
        switch operation {
        case .survey:
            guard next < bodies.count else { return 0 }
            number = next
            next += 1
        case .ping: number = 0
        case .fetch, .store, .classify: number = random.next(below: bodies.count)
        }
        unsafe lane.pointee.expected[slot] = UInt32(truncatingIfNeeded: number)
        if frameSize == 0 { return unsafe writeBody(number, slot, to: target) }
        unsafe target.copyMemory(from: frames + number * frameSize, byteCount: frameSize)
        unsafe target.storeBytes(of: UInt32(slot + 1).littleEndian, toByteOffset: 8, as: UInt32.self)
        return frameSize
    }

    /// Compares the size of an answer's payload with what it should be. It may have grown: the service may add topics.
    @inline(__always)
    mutating func judge(_ length: Int, _ number: UInt32, _ errors: inout UInt64) {
        switch operation {
        case .fetch: if length < Int(sizes[Int(number)]) { errors += 1 }
        case .survey: sizes[Int(number)] = UInt32(length)
        case .store, .classify, .ping: break
        }
    }

    /// Whether an error is no error, but what a survey looks for.
    func isMiss(_ status: Status?) -> Bool { operation == .survey && status?.code == StatusCode.notFound.rawValue }

    /// A put of a new article, or a classification, with the body in place.
    private func writeBody(_ number: Int, _ slot: Int, to target: UnsafeMutableRawPointer) -> Int {
        let body = unsafe bodies[number]
        var before = WireWriter(capacity: 64)
        if operation == .store {
            // PutRequest { article { id, body } }: the article's length is that of its two fields.
            let bodyHead = 1 + Self.varintSize(body.count)
            before.begin(1, length: 18 + bodyHead + body.count)
            before.write(sequence.next(), at: 1)
            before.begin(6, length: body.count)
        } else {
            before.begin(2, length: body.count)
        }
        let head = before.bytes
        let checksum = unsafe CRC32C.checksum(body, continuing: CRC32C.checksum(head))
        let header = FrameHeader(
            payloadLength: UInt32(head.count + body.count), kind: .request, flags: .end, method: method,
            stream: UInt32(slot + 1), checksum: checksum)
        unsafe header.encode(to: target)
        unsafe head.withUnsafeBytes {
            unsafe UnsafeMutableRawBufferPointer(start: target + 16, count: $0.count).copyMemory(from: $0)
        }
        unsafe UnsafeMutableRawBufferPointer(start: target + 16 + head.count, count: body.count).copyMemory(from: body)
        return FrameHeader.size + head.count + body.count
    }

    private static func varintSize(_ value: Int) -> Int { max(1, (70 - UInt64(value).leadingZeroBitCount) / 7) }

    private static func write(frame payload: [UInt8], _ method: UInt16, to target: UnsafeMutableRawPointer) {
        let header = FrameHeader(
            payloadLength: UInt32(payload.count), kind: .request, flags: .end, method: method,
            checksum: CRC32C.checksum(payload))
        unsafe header.encode(to: target)
        unsafe payload.withUnsafeBytes {
            unsafe UnsafeMutableRawBufferPointer(start: target + FrameHeader.size, count: $0.count).copyMemory(from: $0)
        }
    }
}

extension ArticleID {
    /// The id under which the text `number` is stored: the same each time, so that a second run finds what the first stored.
    init(bench number: Int, of bodies: Bodies) {
        let milliseconds: UInt64 = 1_700_000_000_000 + UInt64(number)
        var mixed = (bodies.fingerprint ^ UInt64(number)) &* 0xbf58_476d_1ce4_e5b9
        mixed ^= mixed >> 29
        self.init(high: milliseconds << 16 | 7 << 12 | 0xbe, low: 2 << 62 | mixed >> 2)
    }
}
