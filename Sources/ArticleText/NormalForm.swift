// SPDX-License-Identifier: Apache-2.0
internal import CUTF8Proc
internal import Glibc

/// Unicode normal forms.
public enum NormalForm {
    /// The text in NFC, for comparison byte by byte. A text in NFC is returned unchanged.
    public static func nfc(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return mapped(text, UTF8PROC_COMPOSE) ?? text
    }

    /// The text in NFD: letters and their marks separated.
    public static func nfd(_ text: String) -> String { mapped(text, UTF8PROC_DECOMPOSE) ?? text }

    /// The slug of a topic's label: "Chính trị - Xã hội" gives "chinh-tri-xa-hoi", "C++" gives "c-plus-plus".
    ///
    /// A label with letters of other scripts, or one that is too long, ends with a hash of it, so that it stays apart from
    /// others: "国际" gives "t-" and eight digits. Empty if the label has neither a letter nor a digit.
    public static func slug(_ label: String) -> String {
        let (slug, isWhole) = latin(label)
        guard !isWhole else { return slug }
        guard label.contains(where: { $0.isLetter || $0.isNumber }) else { return "" }
        let start = slug.isEmpty ? "t" : slug
        return withHash(start, of: identity(label))
    }

    /// The slug with a hash behind it, for a label whose own slug belongs to another label. At most 63 bytes.
    public static func slug(_ label: String, apartFrom other: String) -> String {
        withHash(latin(label).slug.isEmpty ? "t" : latin(label).slug, of: identity(label))
    }

    /// What makes labels the same topic: their words without case, punctuation and normal form, with the tone after the
    /// word, because "hoà" and "hòa" are one.
    public static func identity(_ label: String) -> String {
        var words: [String] = []
        for word in nfd(label.lowercased()).split(whereSeparator: { $0.isWhitespace || "-–—/&,.:;|_".contains($0) }) {
            var letters = ""
            var tones = ""
            for scalar in word.unicodeScalars {
                if [0x300, 0x301, 0x303, 0x309, 0x323].contains(scalar.value) {
                    tones.unicodeScalars.append(scalar)
                } else {
                    letters.unicodeScalars.append(scalar)
                }
            }
            words.append(letters + tones)
        }
        return words.joined(separator: " ")
    }

    /// FNV-1a of 64 bits (draft-eastlake-fnv), of which 32 are used: the same on every machine and in every version.
    private static func withHash(_ slug: String, of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String((hash ^ hash >> 32) & 0xffff_ffff, radix: 16)
        var start = slug.prefix(54)
        while start.last == "-" { start = start.dropLast() }
        return start + "-" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The Latin letters and digits, and whether they are all that the label has.
    private static func latin(_ label: String) -> (slug: String, isWhole: Bool) {
        var slug = ""
        var isWhole = true
        let plain = mapped(label.lowercased(), UTF8PROC_DECOMPOSE) ?? label.lowercased()
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
            case "đ": slug += "d"
            case "+": slug += (slug.isEmpty || slug.last == "-" ? "" : "-") + "plus"
            case "#" where !slug.isEmpty: slug += (slug.last == "-" ? "" : "-") + "sharp"
            case _ where scalar.properties.generalCategory == .nonspacingMark: continue
            default:
                if scalar.properties.isAlphabetic || scalar.properties.numericType != nil { isWhole = false }
                if !slug.isEmpty, slug.last != "-" { slug += "-" }
            }
        }
        if slug.utf8.count > 63 { isWhole = false }
        while slug.last == "-" { slug.removeLast() }
        return (slug, isWhole && !slug.isEmpty)
    }

    private static func mapped(_ text: String, _ form: utf8proc_option_t) -> String? {
        let bytes = Array(text.utf8)
        var result: UnsafeMutablePointer<UInt8>?
        let options = utf8proc_option_t(rawValue: UTF8PROC_STABLE.rawValue | form.rawValue)
        let count = unsafe bytes.withUnsafeBufferPointer {
            unsafe utf8proc_map($0.baseAddress, $0.count, &result, options)
        }
        guard count >= 0, let result = unsafe result else { return nil }
        defer { unsafe free(result) }
        return unsafe String(validating: UnsafeBufferPointer(start: result, count: count), as: UTF8.self)
    }
}
