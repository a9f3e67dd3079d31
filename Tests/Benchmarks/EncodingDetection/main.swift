// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSONTree
import VietnameseEncodings

// Reads JSON Lines with a member "text" (or "body") from standard input, writes each text in each encoding, and counts how many
// of them are detected, by length. Its arguments are the number of texts, and files of other languages. See
// Tests/Benchmarks/encodings.

struct Count {
    var texts = 0
    var found = 0
    var unsure = 0
    var wrong = 0
    var exact = 0
    var restored = 0
}

/// Letters that an encoding lacks, as a writer of its time would have replaced them: the small one, or none.
func writable(_ text: String, _ encoder: VietnameseEncoder) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
        let character = String(scalar)
        if let code = encoder.encode(Array(character.utf8)) {
            bytes += code
        } else if let code = encoder.encode(Array(character.lowercased().utf8)) {
            bytes += code
        }
    }
    return bytes
}

let limit = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
let lengths = [50, 100, 200, 500, 2000]
let writers: [(name: String, encoding: VietnameseEncoding, encoder: VietnameseEncoder)] =
    VietnameseEncoding.allCases.map { ($0.rawValue, $0, VietnameseEncoder($0)) }
    + [("windows-1258, combining", .windows1258, VietnameseEncoder(.windows1258, tones: .combining))]
var counts: [String: [Int: Count]] = [:]
var spoilt: [String: [Int: Count]] = [:]
var texts = 0

func isTaken(_ sample: [UInt8]) -> VietnameseEncoding? {
    let utf8 = UTF8Sample(sample)
    if utf8.isASCII || utf8.isValid || utf8.isDamaged { return nil }
    return EncodingDetection(sample).encoding
}

while texts < limit, let line = readLine() {
    var parser = JSONParser(Array(line.utf8))
    guard let record = try? parser.next(), case .string(let whole)? = record["text"] ?? record["body"] else { continue }
    // The encodings have no letters in NFD.
    guard !whole.unicodeScalars.contains(where: { (0x300..<0x370).contains($0.value) }) else { continue }
    texts += 1
    for length in lengths {
        let text = String(whole.prefix(length))
        guard text.count == length else { continue }
        for writer in writers {
            let bytes = writable(text, writer.encoder)
            var count = counts[writer.name]?[length] ?? Count()
            count.texts += 1
            let utf8 = UTF8Sample(bytes)
            let found = isTaken(bytes)
            let decoded = writer.encoding.decode(bytes)
            if let found {
                if found == writer.encoding || found.decode(bytes) == decoded {
                    count.found += 1
                } else {
                    count.wrong += 1
                }
            } else if utf8.isASCII {
                count.found += 1
            } else {
                count.unsure += 1
                if utf8.isValid { count.wrong += 1 }
            }
            if decoded == Array(text.utf8) { count.exact += 1 }
            if writer.encoder.encode(decoded) == bytes { count.restored += 1 }
            counts[writer.name, default: [:]][length] = count
        }
        // Texts that must stay as they are: whole, and with a broken byte.
        var bytes = Array(text.utf8)
        for name in ["UTF-8", "UTF-8 with a broken byte"] {
            var count = spoilt[name]?[length] ?? Count()
            count.texts += 1
            if isTaken(bytes) != nil { count.wrong += 1 }
            spoilt[name, default: [:]][length] = count
            if let place = bytes.indices.first(where: { $0 >= bytes.count / 2 && bytes[$0] >= 0xc2 }) {
                bytes.remove(at: place)
            }
        }
    }
}

// Other languages, in Windows-1252.
var foreign: [Int: Count] = [:]
for path in CommandLine.arguments.dropFirst(2) {
    guard let file = unsafe fopen(path, "r") else { exit(66) }
    var bytes: [UInt8] = []
    while case let byte = unsafe getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    unsafe fclose(file)
    let text = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    for length in lengths {
        var start = 0
        while start + length <= text.count {
            // Windows-1252 is Latin-1 but for signs, which these texts lack.
            let sample = text[start..<start + length].compactMap { $0.value < 0x100 ? UInt8($0.value) : nil }
            var count = foreign[length] ?? Count()
            count.texts += 1
            if isTaken(sample) != nil { count.wrong += 1 }
            if !UTF8Sample(sample).isASCII, !EncodingDetection(sample).candidates.isEmpty { count.unsure += 1 }
            foreign[length] = count
            start += length / 2
        }
    }
}

var generator = SystemRandomNumberGenerator()
var rubbish = Count()
for _ in 0..<limit {
    rubbish.texts += 1
    let bytes = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
    if isTaken(bytes) != nil { rubbish.wrong += 1 }
}

func percent(_ part: Int, _ whole: Int) -> String {
    let hundredths = whole == 0 ? 0 : Int((Double(part) * 10_000 / Double(whole)).rounded(.down))
    let rest = String(hundredths % 100)
    return "\(hundredths / 100).\(rest.count < 2 ? "0" : "")\(rest) %"
}

print("| encoding | characters | texts | detected | unsure | taken for another | text as it was | bytes again |")
print("|---|---|---|---|---|---|---|---|")
for writer in writers {
    for length in lengths {
        guard let count = counts[writer.name]?[length] else { continue }
        print(
            "| \(writer.name) | \(length) | \(count.texts) | \(percent(count.found, count.texts)) | \(count.unsure) | \(count.wrong) "
                + "| \(percent(count.exact, count.texts)) | \(percent(count.restored, count.texts)) |")
    }
}
for (name, byLength) in spoilt.sorted(by: { $0.key < $1.key }) {
    for length in lengths {
        if let count = byLength[length] { print("| \(name) | \(length) | \(count.texts) | | | \(count.wrong) | | |") }
    }
}
for length in lengths {
    if let count = foreign[length] {
        print(
            "| other languages in Windows-1252 | \(length) | \(count.texts) | | \(count.unsure) | \(count.wrong) | | |")
    }
}
print("| random bytes | 512 | \(rubbish.texts) | | | \(rubbish.wrong) | | |")
