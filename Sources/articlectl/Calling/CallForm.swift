// SPDX-License-Identifier: Apache-2.0

import JSONTree

/// How the messages of a call are read and written.
enum CallForm: Sendable {
    /// One value a line, by the descriptions of the messages.
    case json(Schema, request: String, response: String)
    /// Bytes in hexadecimal, a message a line.
    case hex
    /// One message, byte for byte.
    case raw

    /// - Parameter text: one message of the request.
    func encode(_ text: [UInt8]) throws(CommandFailure) -> [UInt8] {
        switch self {
        case .raw: return text
        case .hex:
            guard let bytes = Self.bytes(ofHex: text) else {
                throw CommandFailure(.data, "a message in hexadecimal is expected, as 0a0362c3a1")
            }
            return bytes
        case .json(let schema, let request, _):
            do {
                return try MessageEncoder(schema: schema).encode(JSONParser.parse(text), as: request)
            } catch let error as MessageError {
                throw CommandFailure(.data, error.description)
            } catch {
                throw CommandFailure(.data, "\(error)")
            }
        }
    }

    /// - Returns: what is printed for one message of the response.
    func decode(_ message: [UInt8]) throws(CommandFailure) -> [UInt8] {
        switch self {
        case .raw: return message
        case .hex: return Self.hex(message) + [0x0a]
        case .json(let schema, _, let response):
            do throws(MessageError) {
                var text: [UInt8] = []
                try MessageDecoder(schema: schema).decode(message, as: response).write(to: &text)
                return text + [0x0a]
            } catch {
                throw CommandFailure(
                    .protocol, "the answer is no \(response): \(error.description)", hint: "--hex shows its bytes")
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// White space between the digits is passed over.
    private static func bytes(ofHex text: [UInt8]) -> [UInt8]? {
        let digits = text.filter { $0 != 0x20 && !(0x09...0x0d).contains($0) }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[place]), let low = value(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 97 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - 65 + 10
        default: nil
        }
    }
}
