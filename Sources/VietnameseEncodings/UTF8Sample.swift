// SPDX-License-Identifier: Apache-2.0

/// How much of a sample is UTF-8.
public struct UTF8Sample: Sendable, Equatable {
    /// Whole characters beyond ASCII.
    public private(set) var characters = 0
    /// Bytes that belong to no character.
    public private(set) var strays = 0
    /// Vietnamese letters of three bytes, U+1EA0 to U+1EFF. By chance these bytes do not follow each other in another encoding.
    public private(set) var vietnamese = 0
    /// Where the first byte beyond ASCII is.
    public private(set) var firstBeyondASCII: Int?

    /// - Parameter sample: may end within a character.
    public init(_ sample: [UInt8]) {
        var place = 0
        while place < sample.count {
            let byte = sample[place]
            guard byte >= 0x80 else {
                place += 1
                continue
            }
            if firstBeyondASCII == nil { firstBeyondASCII = place }
            let length = Self.length(of: byte)
            let rest = sample[(place + 1)...].prefix(max(length - 1, 0))
            if length > 1, rest.count < length - 1, rest.allSatisfy({ $0 & 0xc0 == 0x80 }) { return }
            if length > 1, String(validating: sample[place..<place + min(length, rest.count + 1)], as: UTF8.self) != nil
            {
                characters += 1
                if length == 3, byte == 0xe1, sample[place + 1] == 0xba || sample[place + 1] == 0xbb { vietnamese += 1 }
                place += length
            } else {
                strays += 1
                place += 1
            }
        }
    }

    private static func length(of first: UInt8) -> Int {
        switch first {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 0
        }
    }

    public var isASCII: Bool { firstBeyondASCII == nil }
    /// The whole sample is UTF-8.
    public var isValid: Bool { strays == 0 }
    /// UTF-8 with some broken bytes, or with parts in another encoding: no file of one old encoding.
    public var isDamaged: Bool { strays > 0 && (vietnamese > 0 || characters > strays) }
}
