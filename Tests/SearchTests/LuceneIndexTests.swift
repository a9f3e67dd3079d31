// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import HandlerKit
import IndexFollowing
import SearchText
import Testing

@testable import SearchHandler

/// An index in a directory of its own.
final class TestIndex {
    let directory: String
    private(set) var index: LuceneIndex
    private var snapshot: any SearchSnapshot

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        index = try LuceneIndex(directory: directory)
        snapshot = try index.snapshot(after: nil)
    }

    deinit {
        index.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func add(
        _ number: UInt64, _ title: String, _ body: String = "", time: Int64 = 0, source: String = "",
        topics: [String] = [], language: String = "vi", author: String = ""
    ) throws {
        try index.update(
            IndexDocument(
                id: id(number), time: time, title: title, body: body, author: author, source: source,
                language: language,
                topics: topics))
    }

    func id(_ number: UInt64) -> ArticleID {
        ArticleID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }

    func reopen() throws {
        index.close()
        index = try LuceneIndex(directory: directory)
        snapshot = try index.snapshot(after: nil)
    }

    @discardableResult
    func refresh() throws -> any SearchSnapshot {
        snapshot = try index.snapshot(after: snapshot)
        return snapshot
    }

    func search(_ request: SnapshotRequest) throws -> SnapshotResult { try snapshot.search(request) }

    /// The numbers of the articles found, in order.
    func find(
        _ query: String, _ filters: [IndexFilter] = [], matching: Matching = .allWords,
        order: SnapshotRequest.Order = .relevance
    ) throws -> [UInt64] {
        let request = SnapshotRequest(
            query: QueryParser.parse(query), filters: filters, matching: matching, order: order, limit: 1000)
        let result = try snapshot.search(request)
        #expect(result.total == UInt64(result.hits.count))
        return result.hits.map { $0.id.low & 0xffff_ffff }
    }
}

private func state(_ sequence: UInt64, isComplete: Bool = true) -> CommittedState {
    CommittedState(position: ChangePosition(epoch: .init(high: 1, low: 2), sequence: sequence), isComplete: isComplete)
}

@Suite("Lucene index") struct LuceneIndexTests {
    @Test("articles are found by their words, with marks, without, and in all normal forms")
    func words() throws {
        let index = try TestIndex()
        try index.add(1, "Con đường mới", "Đường phố Hà Nội")
        try index.add(2, "Biển Thái Bình Dương", "đại dương xanh")
        try index.add(3, "Giá dưa hấu", "không liên quan")
        try index.refresh()
        #expect(try index.find("đường") == [1, 2])  // the one with these marks first
        #expect(try index.find("dương") == [2, 1])
        #expect(try Set(index.find("duong")) == [1, 2])
        #expect(try index.find("đ\u{1b0}\u{300}ng").isEmpty)
        #expect(try index.find("ha noi") == [1] && index.find("HÀ NỘI") == [1])
        #expect(try index.find("Ha\u{300} No\u{323}\u{302}i") == [1])
        #expect(try index.find("đường", matching: .allWordsWithMarks) == [1])
        #expect(try index.find("đường dưa").isEmpty)
        #expect(try Set(index.find("đường dưa", matching: .someWords)) == [1, 3, 2])
    }

    @Test("phrases, prefixes, negation and alternatives")
    func operators() throws {
        let index = try TestIndex()
        try index.add(1, "Lũ lụt", "miền Trung chịu lũ lụt nặng", author: "Lan Anh")
        try index.add(2, "Lụt lũ", "thành phố và thanh niên", author: "Anh Lan")
        try index.add(3, "Bão", "COVID-19 ở Thanh Hóa")
        try index.refresh()
        #expect(try index.find("\"lũ lụt\"") == [1])
        #expect(try index.find("\"lut mien\"").isEmpty)
        #expect(try index.find("lũ -\"miền Trung\"") == [2])
        #expect(try index.find("-lũ") == [3])
        #expect(try Set(index.find("-lũ OR trung")) == [1, 3])
        #expect(try Set(index.find("thanh*")) == [2, 3])
        #expect(try index.find("xyz*").isEmpty)
        #expect(try Set(index.find("bão OR lụt")) == [1, 2, 3])
        #expect(try index.find("covid19").isEmpty && index.find("covid-19") == [3])
        #expect(try index.find("title:bao") == [3] && index.find("title:trung").isEmpty)
        #expect(try index.find("\"lut mien\" OR title:\"lut lu\"") == [2])
        #expect(try index.find("author:\"lan anh\"") == [1])
        #expect(try index.find("").count == 3)
        // A phrase does not begin in the title and end in the body.
        #expect(try index.find("\"bão covid\"").isEmpty)
    }

    @Test("filters, as values and in the query")
    func filters() throws {
        let index = try TestIndex()
        try index.add(
            1, "tin", time: 1000, source: "Mic.gov.vn", topics: ["kinh-doanh", "the-thao"], language: "vi-VN")
        try index.add(2, "tin", time: 2000, source: "VnExpress", topics: ["the-thao"])
        try index.add(3, "tin", time: -5000)
        try index.refresh()
        #expect(try index.find("tin", [.topic("the-thao")]) == [2, 1])
        #expect(try index.find("", [.topic("kinh-doanh"), .source("Mic.gov.vn")]) == [1])
        #expect(try index.find("", [.source("mic.gov.vn")]).isEmpty)
        #expect(try index.find("source:mic.gov.vn") == [1] && index.find("source:vnexpress -tin").isEmpty)
        #expect(try index.find("topic:\"Thể thao\"") == [2, 1])
        #expect(try index.find("", [.language("VI-vn")]) == [1])
        #expect(try index.find("", [.time(from: 1000, until: 2000)]) == [1])
        #expect(try index.find("", [.time(from: nil, until: 0)]) == [3])
        #expect(try index.find("after:1970 tin") == [2, 1])
        #expect(try index.find("before:1970") == [3])
    }

    @Test("an update replaces an article, and a deletion removes it")
    func updates() throws {
        let index = try TestIndex()
        try index.add(1, "cũ")
        try index.refresh()
        try index.add(1, "mới")
        try index.add(2, "mới")
        let before = try index.refresh()
        #expect(try index.find("cũ").isEmpty && Set(index.find("mới")) == [1, 2])
        try index.index.delete(index.id(1))
        try index.index.delete(index.id(9))
        try index.refresh()
        #expect(try index.find("mới") == [2])
        // A snapshot stays what it was.
        #expect(before.articles == 2)
        #expect(try before.search(SnapshotRequest(query: QueryParser.parse("mới"), limit: 10)).total == 2)
    }

    @Test("a commit survives, and what comes after it is dropped")
    func commits() throws {
        let index = try TestIndex()
        #expect(index.index.committed == nil)
        try index.add(1, "một")
        try index.index.commit(state(7, isComplete: false))
        try index.add(2, "hai")
        try index.refresh()
        #expect(try index.find("hai") == [2])
        try index.reopen()
        #expect(index.index.committed == state(7, isComplete: false))
        #expect(try index.find("một") == [1] && index.find("hai").isEmpty)
        try index.index.commit(state(9))
        try index.add(2, "hai")
        try index.index.commit(state(10))
        try index.reopen()
        #expect(index.index.committed == state(10))
    }

    @Test("pages by time and by relevance have each article once")
    func pages() throws {
        let index = try TestIndex()
        for number in 1...25 {
            let number = UInt64(number)
            try index.add(number, "tin", String(repeating: "x ", count: Int(number % 4)), time: Int64(number / 3))
            if number % 7 == 0 { try index.refresh() }
        }
        try index.refresh()
        for order in [SnapshotRequest.Order.relevance, .newest, .oldest] {
            let all = try index.find("tin", order: order)
            #expect(Set(all).count == 25)
            var paged: [UInt64] = []
            var request = SnapshotRequest(query: QueryParser.parse("tin"), order: order, limit: 4)
            while true {
                let page = try index.search(request)
                #expect(page.total == 25)
                guard let last = page.hits.last else { break }
                paged += page.hits.map { $0.id.low & 0xffff_ffff }
                request.after = last.place
            }
            #expect(paged == all, "\(order)")
        }
        #expect(try index.find("tin", order: .newest).first == 24)
        #expect(try index.find("tin", order: .oldest).first == 1)
    }

    @Test("new articles can be preferred")
    func recency() throws {
        let index = try TestIndex()
        let day: Int64 = 86_400_000
        try index.add(1, "lũ lụt", time: 0)
        try index.add(2, "chuyện khác", "mưa lũ lụt lội ở nhiều nơi", time: 1000 * day)
        try index.refresh()
        var request = SnapshotRequest(query: QueryParser.parse("lu"), limit: 10, now: 1000 * day)
        #expect(try index.search(request).hits.first?.id == index.id(1))
        request.recency = 100
        #expect(try index.search(request).hits.first?.id == index.id(2))
    }

    @Test("facets count the articles that match")
    func facets() throws {
        let index = try TestIndex()
        try index.add(1, "tin", time: 1_714_521_600_000, source: "Báo A", topics: ["x", "y"])
        try index.add(2, "tin", time: 1_714_521_599_999, source: "Báo B", topics: ["x"])
        try index.refresh()
        try index.add(3, "tin", time: -1, source: "Báo A")
        try index.add(4, "khác", source: "Báo A", topics: ["z"])
        try index.refresh()
        let result = try index.search(
            SnapshotRequest(query: QueryParser.parse("tin"), limit: 0, facets: IndexFacet.allCases))
        #expect(result.total == 3 && result.hits.isEmpty)
        let counts = result.facets.map { "\($0.facet) \($0.value) \($0.count)" }
        #expect(
            counts == [
                "topic x 2", "topic y 1", "source Báo A 2", "source Báo B 1", "month 1969-12 1", "month 2024-04 1",
                "month 2024-05 1",
            ])
    }

    @Test("merges change nothing that is found, beside a writer and readers")
    func merges() throws {
        let index = try TestIndex()
        for number in 1...120 {
            try index.add(UInt64(number), "tin số \(number)")
            try index.refresh()  // a segment each
            if number % 3 == 0 { try index.index.delete(index.id(UInt64(number))) }
        }
        #expect(index.index.needsMerge)
        let lucene = index.index
        let merging = Thread { try? lucene.merge() }
        merging.start()
        for number in 200...260 {
            try index.add(UInt64(number), "tin số \(number)")
            try index.refresh()
            #expect(try index.find("tin").count == 80 + number - 199)
        }
        while !merging.isFinished { Thread.sleep(forTimeInterval: 0.001) }
        try lucene.merge()
        try lucene.commit(state(1))
        #expect(lucene.figures.segments < 60)
        try index.reopen()
        #expect(try index.find("tin").count == 80 + 61)
    }

    @Test("a damaged index is reported as damaged, whatever the damage is")
    func damage() throws {
        let index = try TestIndex()
        for number in 1...50 { try index.add(UInt64(number), "tin số \(number)", "một hai ba") }
        try index.index.commit(state(1))
        index.index.close()
        let directory = index.directory + "/index"
        for file in try FileManager.default.contentsOfDirectory(atPath: directory) where file.contains("_") {
            let path = URL(filePath: directory + "/" + file)
            let contents = try Data(contentsOf: path)
            var flipped = contents
            flipped[contents.count / 2] ^= 0x10
            for damaged in [contents.prefix(contents.count / 2), Data(), flipped, contents + Data([0])] {
                try damaged.write(to: path)
                #expect {
                    try LuceneIndex(directory: index.directory)
                } throws: {
                    ($0 as? IndexError)?.kind == .damaged
                }
            }
            try contents.write(to: path)
        }
        #expect(throws: Never.self) { try LuceneIndex(directory: index.directory).snapshot(after: nil) }
    }

    @Test("an index that lacks files is reported as damaged, and can be removed")
    func missingFiles() throws {
        let index = try TestIndex()
        try index.add(1, "tin")
        try index.index.commit(state(1))
        index.index.close()
        let directory = index.directory + "/index"
        for file in try FileManager.default.contentsOfDirectory(atPath: directory) where file.hasSuffix(".cfs") {
            try FileManager.default.removeItem(atPath: directory + "/" + file)
        }
        #expect {
            _ = try LuceneIndex(directory: index.directory).snapshot(after: nil)
        } throws: {
            ($0 as? IndexError)?.kind == .damaged
        }
        try LuceneIndex(directory: index.directory, anew: true).close()
        try index.reopen()
        #expect(try index.index.committed == nil && index.find("tin").isEmpty)
    }

    @Test("two cannot have one index open")
    func locks() throws {
        let index = try TestIndex()
        try index.add(1, "tin")
        #expect { try LuceneIndex(directory: index.directory) } throws: { ($0 as? IndexError)?.kind == .locked }
    }

    @Test("after it was closed, an index refuses changes, and its snapshots can still be searched")
    func closing() throws {
        let index = try TestIndex()
        try index.add(1, "tin")
        let snapshot = try index.refresh()
        index.index.close()
        #expect(throws: IndexError.self) { try index.add(2, "tin") }
        #expect(throws: IndexError.self) { try index.index.commit(state(1)) }
        #expect(throws: IndexError.self) { try index.index.merge() }
        #expect(throws: IndexError.self) { try index.index.snapshot(after: nil) }
        #expect(try snapshot.search(SnapshotRequest(query: QueryParser.parse("tin"), limit: 1)).total == 1)
    }

    @Test("a search that takes too long is ended")
    func deadline() throws {
        let index = try TestIndex()
        try index.add(1, "tin")
        try index.refresh()
        #expect {
            try index.search(SnapshotRequest(query: QueryParser.parse("tin"), limit: 1, deadline: 1))
        } throws: {
            ($0 as? IndexError)?.kind == .tooLong
        }
    }
}
