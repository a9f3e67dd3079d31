// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// Inputs made of a good session, the same in each run.
struct MalformedInputs: IteratorProtocol {
    private let frames: [[UInt8]]
    private let whole: [UInt8]
    private let methods: [UInt16]
    private var random = SeededGenerator(seed: 1_254_355_200)
    private var step = 0

    /// Inputs of the kinds that chance makes.
    private static let lyingLengths = 1000
    private static let oddHeaders = 2000
    private static let oddMessages = 4000

    init(session: [[UInt8]], methods: ServerHello) {
        frames = session
        whole = Array(session.joined())
        self.methods = methods.methods.map { UInt16($0.number) }
    }

    mutating func next() -> [UInt8]? {
        defer { step += 1 }
        var index = step
        // Cut off behind every byte.
        if index < whole.count { return Array(whole[..<index]) }
        index -= whole.count
        // Each bit flipped.
        if index < whole.count * 8 {
            var bytes = whole
            bytes[index / 8] ^= 1 << UInt8(index % 8)
            return bytes
        }
        index -= whole.count * 8
        if index < Self.lyingLengths { return lyingLength() }
        index -= Self.lyingLengths
        if index < Self.oddHeaders { return oddHeader() }
        index -= Self.oddHeaders
        return index < Self.oddMessages ? oddMessage() : nil
    }

    /// A header that announces another length than its payload has.
    private mutating func lyingLength() -> [UInt8] {
        var session = frames
        let place = Int.random(in: 0..<session.count, using: &random)
        let lengths: [UInt32] = [
            0, 1, 15, 16, 64, 65, 8192, 16384, 16385, 1 << 20, 16 << 20, (16 << 20) + 1, 1 << 31, .max,
        ]
        let length =
            Bool.random(using: &random)
            ? lengths.randomElement(using: &random) ?? 0 : .random(in: 0...4096, using: &random)
        for byte in 0..<4 { session[place][byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
        return Array(session.joined())
    }

    /// Frames with kinds, flags, methods and streams at random, and payloads from elsewhere, with right checksums.
    private mutating func oddHeader() -> [UInt8] {
        var bytes = frames[0]
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let payload = Array((frames.randomElement(using: &random) ?? []).dropFirst(FrameHeader.size))
            bytes += Frames.frame(
                FrameKind(rawValue: .random(in: 0...12, using: &random)),
                Bool.random(using: &random) ? [] : payload,
                flags: FrameFlags(rawValue: [0, 0, 1, 1, 2, 3, 4, 255].randomElement(using: &random) ?? 0),
                method: Bool.random(using: &random)
                    ? methods.randomElement(using: &random) ?? 1 : .random(in: 0...20, using: &random),
                stream: .random(in: 0...4, using: &random))
        }
        return bytes
    }

    /// Requests of all methods whose message is damaged, in good frames: what reaches the plugins.
    private mutating func oddMessage() -> [UInt8] {
        var bytes = frames[0]
        for stream in UInt32(1)...8 {
            var payload = Array((frames.randomElement(using: &random) ?? []).dropFirst(FrameHeader.size))
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0...payload.count, using: &random)
                if place < payload.count, Bool.random(using: &random) {
                    payload[place] = .random(in: 0...255, using: &random)
                } else {
                    payload.insert([0, 0x0a, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0, at: place)
                }
            }
            bytes += Frames.frame(
                .request, payload, flags: .end, method: methods.randomElement(using: &random) ?? 1, stream: stream)
        }
        return bytes
    }
}
