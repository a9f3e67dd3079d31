// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import ArticleText
import VietnameseEncodings

/// How decoded text becomes the bytes of its file again: the parameters of the media type of ``Original``.
struct OriginalCharset: Equatable, Sendable {
    let encoding: TextEncoding
    /// Windows-1258 alone.
    var tones = VietnameseEncoder.Tones.composed

    init(_ encoding: TextEncoding, tones: VietnameseEncoder.Tones = .composed) {
        self.encoding = encoding
        self.tones = tones
    }

    /// "text/plain; charset=windows-1258; tones=combining"
    var mediaType: String {
        "text/plain; charset=\(encoding.vietnamese?.charset ?? encoding.name)"
            + (tones == .combining ? "; tones=combining" : "")
    }

    /// - Returns: nil if the media type names no encoding but UTF-8.
    /// - Throws: the name of an encoding that nobody knows.
    init?(mediaType: String) throws(CommandFailure) {
        var values: [String: String] = [:]
        for parameter in mediaType.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1).map { String($0.trimmingBlanks) }
            if parts.count == 2 { values[parts[0].lowercased()] = String(parts[1].filter { $0 != "\"" }) }
        }
        guard let name = values["charset"], name.lowercased() != "utf-8" else { return nil }
        guard let encoding = TextEncoding(named: name) else {
            throw CommandFailure(.data, "its file was in \(name), which is not known here")
        }
        self.init(encoding, tones: values["tones"].flatMap { .init(rawValue: $0) } ?? .composed)
    }

    /// - Returns: nil if the encoding lacks a character of the text.
    func encode(_ text: [UInt8]) -> [UInt8]? {
        if let vietnamese = encoding.vietnamese { return VietnameseEncoder(vietnamese, tones: tones).encode(text) }
        var bytes: [UInt8] = []
        guard let converter = TextConverter(from: "UTF-8", to: encoding.name), converter.convert(text, into: &bytes),
            converter.end(into: &bytes)
        else { return nil }
        return bytes
    }
}

extension Article {
    /// The bytes of the file that it was read from, in the file's encoding.
    func originalFile() throws(CommandFailure) -> [UInt8] {
        guard let original, let charset = try OriginalCharset(mediaType: original.mediaType) else {
            return originalBytes
        }
        guard let bytes = charset.encode(originalBytes) else {
            throw CommandFailure(
                .data, "its file was in \(charset.encoding.name), which lacks characters that the article has now",
                hint: "without --raw it is shown in UTF-8")
        }
        return bytes
    }
}

/// Checks, piece by piece, that decoded text becomes the same bytes again.
struct ReversalCheck {
    /// Ways to write it that gave the same bytes so far, and the bytes that they have not given yet.
    private var ways: [(charset: OriginalCharset, writer: Writer, rest: ArraySlice<UInt8>)]

    private enum Writer {
        case vietnamese(VietnameseEncoder)
        case other(TextConverter)
    }

    init(_ encoding: TextEncoding) {
        if let vietnamese = encoding.vietnamese {
            let all: [VietnameseEncoder.Tones] = vietnamese == .windows1258 ? [.composed, .combining] : [.composed]
            ways = all.map {
                (OriginalCharset(encoding, tones: $0), .vietnamese(VietnameseEncoder(vietnamese, tones: $0)), [])
            }
        } else {
            ways =
                TextConverter(from: "UTF-8", to: encoding.name).map {
                    [(OriginalCharset(encoding), .other($0), [])]
                } ?? []
        }
    }

    /// - Parameter text: what became of these bytes and of earlier ones. The last of them may be held back.
    mutating func take(_ bytes: [UInt8], _ text: ArraySlice<UInt8>) {
        for index in ways.indices { ways[index].rest += bytes }
        ways = ways.compactMap { way in
            let written: [UInt8]?
            switch way.writer {
            case .vietnamese(let encoder): written = encoder.encode(Array(text))
            case .other(let converter):
                var bytes: [UInt8] = []
                written = converter.convert(Array(text), into: &bytes) ? bytes : nil
            }
            guard let written, way.rest.starts(with: written) else { return nil }
            return (way.charset, way.writer, ArraySlice(Array(way.rest.dropFirst(written.count))))
        }
    }

    /// How the file can be had again; nil if it cannot.
    var charset: OriginalCharset? { ways.first { $0.rest.isEmpty }?.charset }
}
