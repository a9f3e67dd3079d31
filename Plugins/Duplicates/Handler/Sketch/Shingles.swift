// SPDX-License-Identifier: Apache-2.0
internal import IndexFollowing
internal import SearchText

/// The set of all sequences of three syllables in an article, each as a number.
///
/// Syllables are folded: without marks, in lower case, đ as d. So a text and its copy without diacritics have the same set.
/// Title, summary and body are read apart: no shingle spans two of them.
struct Shingles: Sendable {
    /// The number of syllables in a shingle.
    static let width = 3

    /// Hashes, ascending, each once. Empty if the article has too few syllables to be compared.
    let hashes: [UInt64]

    init(_ document: IndexDocument) {
        self.init([document.title, document.summary, document.body])
    }

    init(_ texts: [String]) {
        var hashes: [UInt64] = []
        var list = TokenList()
        var left = IndexDocument.maxTextBytes
        for var text in texts where left > 0 {
            list.removeAll()
            text.makeContiguousUTF8()
            let bytes = text.utf8.span
            let size = min(left, bytes.count)
            Tokenizer.read(bytes.extracting(..<size), into: &list)
            left -= size
            Self.append(list, to: &hashes)
        }
        hashes.sort()
        var count = 0
        for hash in hashes where count == 0 || hashes[count - 1] != hash {
            hashes[count] = hash
            count += 1
        }
        hashes.removeSubrange(count...)
        self.hashes = hashes
    }

    private static func append(_ list: TokenList, to hashes: inout [UInt64]) {
        guard list.count >= width else { return }
        hashes.reserveCapacity(hashes.count + list.count)
        var (first, second): (UInt64, UInt64) = (0, 0)
        for (index, token) in list.tokens.enumerated() {
            let third = hash(list.foldedBytes, token.folded)
            if index >= width - 1 { hashes.append(Mixing.mix(Mixing.mix(Mixing.mix(first) &+ second) &+ third)) }
            (first, second) = (second, third)
        }
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
        return hash
    }

    /// The part of both sets' shingles that they share: 0 to 1. Two empty sets share nothing.
    func jaccard(_ other: Shingles) -> Double {
        var (here, there, shared) = (0, 0, 0)
        while here < hashes.count, there < other.hashes.count {
            let (one, two) = (hashes[here], other.hashes[there])
            if one == two { shared += 1 }
            if one <= two { here += 1 }
            if two <= one { there += 1 }
        }
        let all = hashes.count + other.hashes.count - shared
        return all == 0 ? 0 : Double(shared) / Double(all)
    }
}

/// Finalizers of hash functions, from SplitMix64 (Steele et al. 2014) and MurmurHash3 (Appleby).
enum Mixing {
    static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    static func mix(_ value: UInt32) -> UInt32 {
        var value = value
        value = (value ^ value >> 16) &* 0x85eb_ca6b
        value = (value ^ value >> 13) &* 0xc2b2_ae35
        return value ^ value >> 16
    }
}
