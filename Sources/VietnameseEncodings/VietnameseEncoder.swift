// SPDX-License-Identifier: Apache-2.0

/// Turns UTF-8 back into one of the encodings.
public struct VietnameseEncoder: Sendable {
    /// How letters with a tone are written where there are two ways.
    public enum Tones: String, CaseIterable, Sendable {
        /// A letter of one byte if there is one, as converters write it.
        case composed
        /// A letter and a combining mark, always, as the keyboard of Windows writes it.
        case combining
    }

    private let bytes: [UInt32: [UInt8]]
    private let isCombining: Bool

    /// - Parameter tones: matters in Windows-1258 alone.
    public init(_ encoding: VietnameseEncoding, tones: Tones = .composed) {
        isCombining = encoding == .windows1258 && tones == .combining
        var bytes: [UInt32: [UInt8]] = [:]
        for (offset, point) in encoding.upperHalf.enumerated() where bytes[point] == nil {
            bytes[point] = [UInt8(0x80 + offset)]
        }
        let controls = encoding.controls
        for byte in UInt8(0)..<128 where controls[byte] == nil { bytes[UInt32(byte)] = [byte] }
        for (byte, point) in controls { bytes[point] = [byte] }
        switch encoding {
        case .tcvn3:
            // Capitals with a tone have the byte of the small letter.
            for (point, code) in bytes where point >= 0x80 {
                let capital = TCVN3Capitals.capital(point)
                if capital != point, ToneComposition.shared.parts(of: point) != nil { bytes[capital] = code }
            }
        case .vni:
            let pairs = EncodingTables.shared.pairs
            for first in 0x41...0xff {
                for second in 0xc0...0xff {
                    let letter = UInt32(pairs[first << 8 | second])
                    guard letter != 0 else { continue }
                    // Both bytes are capitals, or both are small.
                    if first & 0x20 == second & 0x20 { bytes[letter] = [UInt8(first), UInt8(second)] }
                }
            }
        case .windows1258:
            let composition = ToneComposition.shared
            for letter in Self.letters {
                guard let parts = composition.parts(of: letter), let base = bytes[parts.letter],
                    let tone = bytes[parts.tone]
                else { continue }
                if isCombining || bytes[letter] == nil { bytes[letter] = base + tone }
            }
        case .tcvn5712, .viscii, .vps: break
        }
        self.bytes = bytes
    }

    /// Latin letters: Latin-1 to Latin Extended-B, and Latin Extended Additional.
    private static let letters = Array(UInt32(0xc0)...0x24f) + Array(0x1e00...0x1eff)

    /// - Parameter text: UTF-8 in NFC; what is not UTF-8 has no encoding.
    /// - Returns: nil if the encoding lacks a character of the text.
    public func encode(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        guard let string = String(validating: text, as: UTF8.self) else { return nil }
        for scalar in string.unicodeScalars {
            guard let code = bytes[scalar.value] else { return nil }
            result += code
        }
        return result
    }
}
