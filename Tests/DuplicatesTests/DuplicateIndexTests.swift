// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import IndexFollowing
import Testing

@testable import DuplicatesHandler

/// Segments and manifest, compared with a dictionary.
@Suite("Duplicates' index") final class DuplicateIndexTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "duplicates-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func state(_ sequence: UInt64) -> CommittedState {
        CommittedState(position: ChangePosition(epoch: .init(high: 1, low: 2), sequence: sequence), isComplete: true)
    }

    private func id(_ number: Int) -> ArticleID { ArticleID(high: UInt64(number % 7), low: UInt64(number)) }

    private func document(_ number: Int, _ text: String) -> IndexDocument {
        IndexDocument(id: id(number), time: Int64(number), body: text)
    }

    private func check(_ index: DuplicateIndex, _ texts: [Int: String]) throws {
        #expect(index.figures.articles == UInt64(texts.count))
        let snapshot = index.snapshot
        for number in 0..<2600 {
            let article = try snapshot.find(id(number))
            #expect((article != nil) == (texts[number] != nil), "\(number)")
        }
        for (number, text) in texts.shuffled().prefix(200) {
            let signature = try #require(Signature(Shingles([text])))
            let found = try snapshot.candidates(signature, leastEstimate: 1).map(\.id)
            #expect(found.contains(id(number)), "\(number)")
            #expect(Set(found).count == found.count)
        }
    }

    @Test("changes, commits, merges and restarts: the index has what was put, and no more")
    func everything() throws {
        var index = try DuplicateIndex(directory: directory.path)
        var texts = Texts(4)
        var known: [Int: String] = [:]
        var sequence: UInt64 = 0
        var merges = 0
        for round in 0..<40 {
            for _ in 0..<1100 {
                let number = texts.next(below: 2600)
                if texts.next(below: 5) == 0 {
                    try index.delete(id(number))
                    known[number] = nil
                } else {
                    let text = "\(number) \(round) " + texts.text(20)
                    try index.update(document(number, text))
                    known[number] = text
                }
                sequence += 1
            }
            try index.commit(state(sequence))
            while index.needsMerge {
                try index.merge()
                merges += 1
            }
            if round % 10 == 9 {
                index.close()
                index = try DuplicateIndex(directory: directory.path)
                #expect(index.committed == state(sequence))
                try check(index, known)
            }
        }
        #expect(merges > 0)
        index.close()
    }

    @Test("what was not committed is gone after a crash, and what is the same is not written again")
    func uncommitted() throws {
        let index = try DuplicateIndex(directory: directory.path)
        try index.update(document(1, "một hai ba bốn"))
        try index.commit(state(1))
        let bytes = index.figures.bytes
        try index.update(document(1, "một hai ba bốn"))
        #expect(index.figures.bufferedBytes == 0)
        try index.update(document(2, "năm sáu bảy tám"))
        try index.delete(id(1))
        #expect(index.figures.articles == 1)
        index.close()
        let again = try DuplicateIndex(directory: directory.path)
        #expect(again.committed == state(1) && again.figures.articles == 1 && again.figures.bytes == bytes)
        #expect(try again.snapshot.find(id(1)) != nil)
        again.close()
    }

    @Test("nobody else opens it") func locked() throws {
        let index = try DuplicateIndex(directory: directory.path)
        let error = #expect(throws: IndexError.self) { try DuplicateIndex(directory: directory.path) }
        #expect(error?.kind == .locked)
        index.close()
        try DuplicateIndex(directory: directory.path).close()
    }

    @Test("each byte that has changed, and each cut, is found out when it is opened") func damage() throws {
        let index = try DuplicateIndex(directory: directory.path)
        for number in 0..<3 { try index.update(document(number, "một hai ba bốn \(number)")) }
        try index.commit(state(1))
        try index.delete(id(1))
        try index.commit(state(2))
        index.close()
        let files = directory.appending(path: "index")
        for name in try FileManager.default.contentsOfDirectory(atPath: files.path) {
            let file = files.appending(path: name)
            let whole = try Data(contentsOf: file)
            var places = Array(stride(from: 0, to: whole.count, by: 7))
            // The rest of the header is not used.
            if name != "manifest" { places.removeAll { (28..<64).contains($0) } }
            for place in places {
                var contents = whole
                contents[place] ^= 0x40
                try contents.write(to: file)
                let error = #expect(throws: IndexError.self, "\(name) at \(place)") {
                    try DuplicateIndex(directory: directory.path)
                }
                #expect(error?.kind == .damaged, "\(name) at \(place)")
                try whole.prefix(place).write(to: file)
                #expect(throws: IndexError.self, "\(name) cut at \(place)") {
                    try DuplicateIndex(directory: directory.path)
                }
            }
            try whole.write(to: file)
        }
        try DuplicateIndex(directory: directory.path).close()
        let anew = try DuplicateIndex(directory: directory.path, anew: true)
        #expect(anew.committed == nil && anew.figures == IndexFigures())
        anew.close()
    }

    @Test("a text that thousands share costs a bounded look") func common() throws {
        let index = try DuplicateIndex(directory: directory.path)
        for number in 0..<2500 { try index.update(document(number, "cùng một bài viết cho mọi người")) }
        try index.commit(state(1))
        let signature = try #require(Signature(Shingles(["cùng một bài viết cho mọi người"])))
        let found = try index.snapshot.candidates(signature, leastEstimate: 0.9)
        #expect(found.count == Segment.maxPerBand)
        // The earliest of equal ones come first.
        #expect(found.first?.time == found.map(\.time).min())
        index.close()
    }
}
