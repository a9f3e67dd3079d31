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

    /// The slug of a topic's label: "Chính trị - Xã hội" gives "chinh-tri-xa-hoi". Empty if the label has no Latin
    /// letter or digit.
    public static func slug(_ label: String) -> String {
        var slug = ""
        let plain = mapped(label.lowercased(), UTF8PROC_DECOMPOSE) ?? label.lowercased()
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": slug.unicodeScalars.append(scalar)
            case "đ": slug += "d"
            case _ where scalar.properties.generalCategory == .nonspacingMark: continue
            default: if !slug.isEmpty, slug.last != "-" { slug += "-" }
            }
        }
        slug = String(slug.prefix(63))
        while slug.last == "-" { slug.removeLast() }
        return slug
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
