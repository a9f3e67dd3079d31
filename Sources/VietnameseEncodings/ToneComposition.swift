// SPDX-License-Identifier: Apache-2.0
internal import CUTF8Proc
internal import Glibc

/// Letters and the tones of Vietnamese, together and apart: Unicode's canonical composition.
struct ToneComposition: Sendable {
    static let shared = ToneComposition()

    static func isTone(_ point: UInt32) -> Bool {
        point == 0x300 || point == 0x301 || point == 0x303 || point == 0x309 || point == 0x323
    }

    /// By letter << 16 | tone.
    private let composed: [UInt32: UInt32]
    /// By the composed letter.
    private let parts: [UInt32: (letter: UInt32, tone: UInt32)]

    private init() {
        var composed: [UInt32: UInt32] = [:]
        var parts: [UInt32: (letter: UInt32, tone: UInt32)] = [:]
        // All Latin letters that the encodings have, with any tone.
        for letter in Array(0x41...0x5a) + Array(0x61...0x7a) + Array(0xc0...0x1b0) as [UInt32] {
            for tone in [0x300, 0x301, 0x303, 0x309, 0x323] as [UInt32] {
                let whole = Self.nfc([letter, tone])
                guard whole.count == 1 else { continue }
                composed[letter << 16 | tone] = whole[0]
                // A letter whose mark is a tone may have it in place of a second one: á, and ấ from â, not from á.
                if Self.nfc([letter]) == [letter], parts[whole[0]] == nil || !Self.hasTone(letter) {
                    parts[whole[0]] = (letter, tone)
                }
            }
        }
        self.composed = composed
        self.parts = parts
    }

    private static func hasTone(_ letter: UInt32) -> Bool { nfd([letter]).contains(where: isTone) }

    func composed(_ letter: UInt32, _ tone: UInt32) -> UInt32? {
        letter > 0xffff ? nil : composed[letter << 16 | tone]
    }

    func parts(of letter: UInt32) -> (letter: UInt32, tone: UInt32)? { parts[letter] }

    static func nfc(_ points: [UInt32]) -> [UInt32] { mapped(points, UTF8PROC_COMPOSE) }
    private static func nfd(_ points: [UInt32]) -> [UInt32] { mapped(points, UTF8PROC_DECOMPOSE) }

    private static func mapped(_ points: [UInt32], _ form: utf8proc_option_t) -> [UInt32] {
        var text = ""
        for point in points { text.unicodeScalars.append(Unicode.Scalar(point) ?? "\u{fffd}") }
        let bytes = Array(text.utf8)
        var result: UnsafeMutablePointer<UInt8>?
        let options = utf8proc_option_t(UTF8PROC_STABLE.rawValue | form.rawValue)
        let count = unsafe bytes.withUnsafeBufferPointer {
            unsafe utf8proc_map($0.baseAddress, $0.count, &result, options)
        }
        guard count >= 0, let result = unsafe result else { return points }
        defer { unsafe free(result) }
        let mapped = unsafe String(decoding: UnsafeBufferPointer(start: result, count: count), as: UTF8.self)
        return mapped.unicodeScalars.map(\.value)
    }
}
