// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

/// Whatever the bytes, a decoder answers with a message or with an error, and never with a trap.
@Suite struct MutationTests {
    private let samples = Filled.all.map { (type: type(of: $0), bytes: $0.encoded()) }

    @Test func truncatedAtEveryByte() throws {
        for sample in samples {
            for count in 0..<sample.bytes.count { attempt(sample.type, Array(sample.bytes[..<count])) }
        }
        let article = Filled.article.encoded()
        for count in 0..<article.count { attemptContent(Array(article[..<count])) }
    }

    @Test func atEveryOffset() throws {
        for offset in 0..<16 {
            let bytes = [UInt8](repeating: 0xff, count: offset) + Filled.article.encoded()
            let article = try Article(decoding: bytes.raw.extracting(droppingFirst: offset))
            #expect(article == Filled.article)
        }
    }

    @Test func eachBitFlipped() {
        for sample in samples where sample.bytes.count < 600 {
            for bit in 0..<sample.bytes.count * 8 {
                var bytes = sample.bytes
                bytes[bit / 8] ^= 1 << (bit % 8)
                attempt(sample.type, bytes)
            }
        }
    }

    @Test func hundredThousandMutations() {
        var random = SeededGenerator(seed: 20_091_001)
        for round in 0..<100_000 {
            let sample = samples[round % samples.count]
            let bytes = mutate(sample.bytes, &random)
            attempt(sample.type, bytes)
            attemptContent(bytes)
        }
    }

    private func mutate(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(original.prefix(400))
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count:
                bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
            case 3: bytes.insert(contentsOf: bytes.prefix(8), at: place)
            default: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            }
        }
        return bytes
    }

    /// Decodes; what can be decoded has one encoding, which is read as itself.
    private func attempt(_ type: any ProtocolMessage.Type, _ bytes: [UInt8]) {
        func open<Message: ProtocolMessage>(_: Message.Type) throws(ServiceError) {
            let encoded = try Message(decoding: bytes).encoded()
            #expect(try Message(decoding: encoded).encoded() == encoded)
        }
        do throws(ServiceError) { try open(type) } catch { #expect(error.code == .invalidArgument) }
    }

    /// The writer's part of what the validator lets pass can be decoded, and has none of the service's fields.
    private func attemptContent(_ bytes: [UInt8]) {
        guard let content = try? ArticleContent(validating: bytes.raw) else { return }
        let own = content.content(of: bytes.raw)
        #expect((try? Article(decoding: own)) != nil)
        let again = try? ArticleContent(validating: own.raw)
        #expect(again?.serviceFields == [])
        let summary = try? ArticleContent.summary(of: own.raw)
        #expect(summary != nil)
    }
}
