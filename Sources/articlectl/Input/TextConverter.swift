// SPDX-License-Identifier: Apache-2.0
internal import Glibc
import VietnameseEncodings

/// Turns another encoding into UTF-8, piece by piece.
final class TextDecoder {
    private enum Kind {
        case vietnamese(VietnameseDecoder)
        case other(TextConverter)
    }

    private var kind: Kind

    /// nil if nobody knows the encoding.
    init?(_ encoding: TextEncoding) {
        if let vietnamese = encoding.vietnamese {
            kind = .vietnamese(VietnameseDecoder(vietnamese))
        } else {
            guard let converter = TextConverter(from: encoding.name, to: "UTF-8") else { return nil }
            kind = .other(converter)
        }
    }

    /// - Returns: false if the encoding has no such character.
    func decode(_ bytes: [UInt8], into text: inout [UInt8]) -> Bool {
        switch kind {
        case .vietnamese(var decoder):
            decoder.decode(bytes, into: &text)
            kind = .vietnamese(decoder)
            return true
        case .other(let converter): return converter.convert(bytes, into: &text)
        }
    }

    /// Appends what was held back to be joined with what follows.
    ///
    /// - Returns: false if the text ends within a character.
    func end(into text: inout [UInt8]) -> Bool {
        switch kind {
        case .vietnamese(var decoder):
            decoder.finish(into: &text)
            kind = .vietnamese(decoder)
            return true
        case .other(let converter): return converter.end(into: &text)
        }
    }
}

/// Turns one encoding into another, piece by piece: iconv(3).
@safe final class TextConverter {
    private let converter: iconv_t
    /// The beginning of a character that the next piece completes.
    private var rest: [UInt8] = []

    /// nil if iconv does not know one of them.
    init?(from source: String, to target: String) {
        guard let converter = unsafe iconv_open(target, source), Int(bitPattern: converter) != -1 else {
            return nil
        }
        unsafe self.converter = converter
    }

    deinit { unsafe iconv_close(converter) }

    /// - Returns: false if the encoding has no such character.
    func convert(_ bytes: [UInt8], into text: inout [UInt8]) -> Bool {
        var input = rest + bytes
        rest = []
        var position = 0
        var output = [UInt8](repeating: 0, count: 64 << 10)
        while position < input.count {
            let (result, used, made) = step(&input, from: position, &output)
            text += output[..<made]
            position += used
            if result == 0 { break }
            switch result {
            case E2BIG: continue
            case EINVAL:
                rest = Array(input[position...])
                return true
            default: return false
            }
        }
        return true
    }

    /// Appends what was held back to be joined with what follows.
    ///
    /// - Returns: false if the text ends within a character.
    func end(into text: inout [UInt8]) -> Bool {
        var output = [UInt8](repeating: 0, count: 64)
        let made = unsafe output.withUnsafeMutableBytes { bytes in
            var target = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var room = bytes.count
            _ = unsafe iconv(converter, nil, nil, &target, &room)
            return bytes.count - room
        }
        text += output[..<made]
        defer { rest = [] }
        return rest.isEmpty
    }

    /// - Returns: an error's number, 0 if there is none; how many bytes were used, and how many were made.
    private func step(_ input: inout [UInt8], from start: Int, _ output: inout [UInt8]) -> (Int32, Int, Int) {
        unsafe input.withUnsafeMutableBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var from = unsafe source.baseAddress.map { unsafe ($0 + start).assumingMemoryBound(to: CChar.self) }
                var to = unsafe target.baseAddress?.assumingMemoryBound(to: CChar.self)
                var (left, room) = (source.count - start, target.count)
                let result = unsafe iconv(converter, &from, &left, &to, &room)
                let number = result < 0 ? errno : 0
                return (number, source.count - start - left, target.count - room)
            }
        }
    }
}
