// SPDX-License-Identifier: Apache-2.0
import VietnameseEncodings

/// Which encoding a file that has no byte order mark is in, by its beginning.
struct EncodingChoice: Equatable {
    let encoding: TextEncoding
    /// How that is known: "as it says", "detected, 99.9 % certain"; nil if there is nothing to tell.
    var reason: String?

    /// What the bytes so far tell.
    enum Step: Equatable {
        /// So far they are ASCII.
        case undecided
        /// More bytes are needed.
        case more
        case decided(EncodingChoice)
    }

    /// - Parameters:
    ///   - bytes: from the beginning of the file, or behind nothing but ASCII.
    ///   - isBeginning: whether they are the beginning.
    ///   - isAll: there are no more, or enough.
    ///   - name: of the file, for errors.
    static func step(
        _ bytes: [UInt8], isBeginning: Bool, isAll: Bool, of name: String
    ) throws(CommandFailure) -> Step {
        if isBeginning, bytes.contains(0) {
            guard isAll || bytes.count >= beginning else { return .more }
            if let utf16 = TextEncoding(utf16WithoutMark: bytes) {
                return .decided(EncodingChoice(encoding: utf16, reason: "detected"))
            }
        }
        // The name of the encoding may be in what comes next.
        if isBeginning, !isAll, bytes.count < beginning, isMarkup(bytes) { return .more }
        let declared = isBeginning ? declaration(in: bytes) : nil
        let sample = UTF8Sample(bytes)
        if sample.isASCII {
            guard let declared, declared.uppercased() != "UTF-8" else { return .undecided }
            // Another encoding is the parser's affair.
            guard let vietnamese = VietnameseEncoding(label: declared) else {
                return .decided(EncodingChoice(encoding: .utf8))
            }
            return .decided(EncodingChoice(encoding: TextEncoding(vietnamese), reason: "as it says"))
        }
        if sample.isValid || sample.isDamaged { return .decided(EncodingChoice(encoding: .utf8)) }
        guard isAll else { return .more }
        return .decided(try choice(bytes, declared: declared, of: name))
    }

    private static func choice(
        _ bytes: [UInt8], declared: String?, of name: String
    ) throws(CommandFailure) -> EncodingChoice {
        let found = EncodingDetection(bytes)
        let said = declared.flatMap { VietnameseEncoding(label: $0) }
        if let encoding = found.encoding {
            // Where two encodings read the text alike, the document's word counts.
            let alike = found.candidates.first {
                $0.encoding == said && $0.confidence == found.candidates[0].confidence
            }
            let contradiction = declared.map { ", although it says \($0)" } ?? ""
            return alike != nil
                ? EncodingChoice(encoding: TextEncoding(said ?? encoding), reason: "as it says")
                : EncodingChoice(
                    encoding: TextEncoding(encoding),
                    reason: "detected, \(percent(found.candidates[0].confidence)) certain" + contradiction)
        }
        if let said, found.candidates.isEmpty || found.candidates.contains(where: { $0.encoding == said }) {
            return EncodingChoice(encoding: TextEncoding(said), reason: "as it says")
        }
        guard declared == nil || said != nil, !found.candidates.isEmpty else { return EncodingChoice(encoding: .utf8) }
        let likeliest = found.candidates.prefix(3).map { "\($0.encoding.rawValue) (\(percent($0.confidence)))" }
        let contradiction = said.map { "; it says \($0.rawValue), which is not likely" } ?? ""
        let first = found.candidates[0].encoding.rawValue.lowercased()
        throw CommandFailure(
            .data,
            "\(name) is not in UTF-8, and too short to be sure of its encoding; the likeliest: "
                + likeliest.joined(separator: ", ") + contradiction + ". Say which, as --encoding \(first)")
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded(.down))
        return "\(tenths / 10).\(tenths % 10) %"
    }

    // MARK: What a document says

    /// In bytes: where a document says its encoding.
    private static let beginning = 4096

    private static func isMarkup(_ bytes: [UInt8]) -> Bool {
        bytes.prefix(beginning).first { $0 > 0x20 } == UInt8(ascii: "<")
    }

    /// The encoding that a page or an XML document names at its beginning.
    static func declaration(in bytes: [UInt8]) -> String? {
        guard isMarkup(bytes) else { return nil }
        let text = bytes.prefix(beginning).map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }
        for mark in ["encoding=", "charset="] {
            let pattern = Array(mark.utf8)
            guard
                let place = text.indices.first(where: { start in
                    text.count - start >= pattern.count
                        && zip(text[start...], pattern).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
                })
            else { continue }
            let value = text[(place + pattern.count)...].drop { $0 == 0x22 || $0 == 0x27 || $0 == 0x20 }
            let name = value.prefix { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                    || [0x2d, 0x2e, 0x3a, 0x5f].contains(byte)
            }
            if !name.isEmpty { return String(decoding: Array(name), as: UTF8.self) }
        }
        return nil
    }
}
