// SPDX-License-Identifier: Apache-2.0

/// Turns one of the encodings into UTF-8 in NFC, piece by piece. Every byte has a meaning in each of them, so it cannot fail.
public struct VietnameseDecoder: Sendable {
    private let encoding: VietnameseEncoding
    /// The code points of single bytes.
    private let points: [UInt32]
    private let pairs: [UInt16]
    /// The first byte of a letter of VNI that may have a second one.
    private var first: UInt8?
    /// A letter, and marks that may follow it in the next piece.
    private var cluster: [UInt32] = []
    private var capitals: TCVN3Capitals?

    public init(_ encoding: VietnameseEncoding) {
        self.encoding = encoding
        var points = Array(UInt32(0)..<128) + encoding.upperHalf
        for (byte, point) in encoding.controls { points[Int(byte)] = point }
        self.points = points
        pairs = encoding == .vni ? EncodingTables.shared.pairs : []
        capitals = encoding == .tcvn3 ? TCVN3Capitals() : nil
    }

    /// Appends what the bytes mean. The last letters may be held back, to be joined with what follows.
    public mutating func decode(_ bytes: [UInt8], into text: inout [UInt8]) {
        text.reserveCapacity(text.count + bytes.count + bytes.count / 2)
        for byte in bytes {
            if encoding == .vni {
                takePart(byte, &text)
            } else {
                take(points[Int(byte)], &text)
            }
        }
    }

    /// Appends what was held back.
    public mutating func finish(into text: inout [UInt8]) {
        if let first { take(points[Int(first)], &text) }
        first = nil
        release(&text)
        capitals?.finish(into: &text)
    }

    /// A byte of VNI.
    private mutating func takePart(_ byte: UInt8, _ text: inout [UInt8]) {
        if let first {
            let letter = pairs[Int(first) << 8 | Int(byte)]
            self.first = nil
            if letter != 0 { return put(UInt32(letter), &text) }
            put(points[Int(first)], &text)
        }
        switch byte | 0x20 {
        case 0x61, 0x65, 0x6f, 0x75, 0x79, 0xf4, 0xf6: first = byte
        default: put(points[Int(byte)], &text)
        }
    }

    /// The longest run of marks behind one letter that is put in order.
    private static let longestCluster = 30

    private mutating func take(_ point: UInt32, _ text: inout [UInt8]) {
        guard ToneComposition.isTone(point), let last = cluster.last, cluster.count < Self.longestCluster else {
            release(&text)
            cluster.append(point)
            return
        }
        if cluster.count == 1, let whole = ToneComposition.shared.composed(last, point) {
            cluster[0] = whole
        } else {
            cluster.append(point)
        }
    }

    private mutating func release(_ text: inout [UInt8]) {
        if cluster.count > 1 { cluster = ToneComposition.nfc(cluster) }
        for point in cluster { put(point, &text) }
        cluster.removeAll(keepingCapacity: true)
    }

    private mutating func put(_ point: UInt32, _ text: inout [UInt8]) {
        guard capitals == nil else {
            capitals?.take(point, into: &text)
            return
        }
        UTF8Writer.append(point, to: &text)
    }
}

enum UTF8Writer {
    /// - Parameter point: of the tables, below 0x10000.
    @inline(__always)
    static func append(_ point: UInt32, to text: inout [UInt8]) {
        if point < 0x80 {
            text.append(UInt8(truncatingIfNeeded: point))
        } else if point < 0x800 {
            text.append(UInt8(truncatingIfNeeded: 0xc0 | point >> 6))
            text.append(UInt8(truncatingIfNeeded: 0x80 | point & 0x3f))
        } else {
            text.append(UInt8(truncatingIfNeeded: 0xe0 | point >> 12 & 0x0f))
            text.append(UInt8(truncatingIfNeeded: 0x80 | point >> 6 & 0x3f))
            text.append(UInt8(truncatingIfNeeded: 0x80 | point & 0x3f))
        }
    }
}
