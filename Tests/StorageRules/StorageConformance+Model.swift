// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

extension StorageConformance {
    /// Thousands of changes at random, few ids, keys and terms, so that they meet: the storage and a model of it that is
    /// nothing but dictionaries say the same all the time.
    static func model(_ storage: any ArticleStorage) async throws {
        var random = SeededNumbers(state: 0x9E37_79B9)
        let ids = (0..<24).map { _ in ArticleID.generate() }
        var model = StorageModel()
        for step in 0..<1500 {
            let change = StorageModel.Change(ids, &random)
            let expected = model.make(change)
            let result = await change.make(storage)
            try #require(StorageModel.Answer(result) == expected, "step \(step): \(change)")
            model.note(result)
            if let record = try await storage.current(result.id) { #expect(model.isSame(record), "step \(step)") }
            if step % 25 != 0 { continue }
            #expect(try await storage.listed().allSatisfy(model.isSame))
            let terms = (0..<3).filter { _ in random.next(2) == 0 }.map { "t\($0)" }
            let from: Int64? = random.next(2) == 0 ? nil : Int64(random.next(12))
            let until: Int64? = random.next(2) == 0 ? nil : Int64(random.next(12))
            let limit = 1 + Int(random.next(30))
            let found = try await storage.listed(terms, from: from, until: until, limit: limit).map(\.id)
            #expect(found == model.list(terms, from: from, until: until, limit: limit), "step \(step)")
        }
    }
}

/// The same numbers in each run (xorshift).
struct SeededNumbers {
    var state: UInt64

    mutating func next(_ bound: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return (state >> 11) % bound
    }
}

/// What a storage should do, in the plainest words.
struct StorageModel {
    static let keys = (0..<16).map { "key \($0)" }

    struct Record {
        var revision: UInt64
        var content: [UInt8]
        var key: String
        var time: Int64?
        var terms: Set<String>
        var createdAt: Int64
    }

    struct Change {
        var isPut: Bool
        var id: ArticleID
        var isByKey: Bool
        var key: String
        var expected: UInt64?
        var time: Int64?
        var content: [UInt8]
        var terms: [String]

        init(_ ids: [ArticleID], _ random: inout SeededNumbers) {
            isPut = random.next(5) > 0
            id = ids[Int(random.next(UInt64(ids.count)))]
            isByKey = random.next(3) == 0
            key = random.next(4) == 0 ? "" : StorageModel.keys[Int(random.next(16))]
            expected = random.next(3) == 0 ? random.next(4) : nil
            time = random.next(3) == 0 ? nil : Int64(random.next(12))
            content = [UInt8](repeating: UInt8(random.next(3)), count: random.next(8) == 0 ? 5000 : 10)
            terms = (0..<3).filter { _ in random.next(2) == 0 }.map { "t\($0)" }
        }

        func make(_ storage: any ArticleStorage) async -> WriteResult {
            guard isPut else {
                return isByKey
                    ? await storage.delete(key: key, expected: expected) : await storage.delete(id, expected: expected)
            }
            return await storage.put(
                isByKey ? .key(new: id) : .id(id), content: content, expected: expected, key: Array(key.utf8),
                time: time,
                terms: terms)
        }
    }

    enum Answer: Equatable {
        case created(UInt64)
        case updated(UInt64)
        case unchanged(UInt64)
        case deleted(UInt64)
        case refused(StatusCode)

        init(_ result: WriteResult) {
            self =
                switch result.outcome {
                case .created: .created(result.revision)
                case .updated: .updated(result.revision)
                case .unchanged: .unchanged(result.revision)
                case .deleted: .deleted(result.revision)
                case .refused(let error): .refused(error.code)
                }
        }
    }

    private var records: [ArticleID: Record] = [:]

    mutating func make(_ change: Change) -> Answer {
        if change.isByKey, change.key.isEmpty { return .refused(.invalidArgument) }
        let owner = change.key.isEmpty ? nil : records.first { $0.value.key == change.key }?.key
        let id = change.isByKey ? owner ?? change.id : change.id
        let present = change.isByKey && owner == nil && !change.isPut ? nil : records[id]
        guard change.isPut else {
            guard let present else { return .refused(.notFound) }
            if let expected = change.expected, expected != present.revision { return .refused(.conflict) }
            records[id] = nil
            return .deleted(present.revision)
        }
        // A new record's id that is taken is no revision of the record that the key names: there is none.
        if change.isByKey, owner == nil, present != nil {
            return .refused(change.expected ?? 0 == 0 ? .alreadyExists : .conflict)
        }
        if let expected = change.expected, expected != present?.revision ?? 0 { return .refused(.conflict) }
        if let owner, owner != id { return .refused(.alreadyExists) }
        var record = Record(
            revision: 1, content: change.content, key: change.key, time: change.time, terms: Set(change.terms),
            createdAt: 0)
        guard let present else {
            records[id] = record
            return .created(1)
        }
        (record.revision, record.createdAt) = (present.revision, present.createdAt)
        let isSame =
            record.content == present.content && record.key == present.key && record.terms == present.terms
            && record.time ?? record.createdAt == present.time ?? present.createdAt
        if isSame { return .unchanged(present.revision) }
        record.revision += 1
        records[id] = record
        return .updated(record.revision)
    }

    /// Takes over what only the storage's clock knows.
    mutating func note(_ result: WriteResult) {
        if case .created = result.outcome { records[result.id]?.createdAt = result.createdAt }
    }

    func has(_ id: ArticleID) -> Bool { records[id] != nil }

    func hasKey(_ key: String) -> Bool { records.values.contains { $0.key == key } }

    func isSame(_ copy: RecordCopy) -> Bool {
        guard let record = records[copy.id] else { return false }
        return record.revision == copy.revision && record.content == copy.content && Array(record.key.utf8) == copy.key
            && record.time ?? record.createdAt == copy.time && record.createdAt == copy.createdAt
    }

    func list(_ terms: [String], from: Int64?, until: Int64?, limit: Int) -> [ArticleID] {
        records.map { (time: $0.value.time ?? $0.value.createdAt, id: $0.key, terms: $0.value.terms) }
            .filter { $0.time >= from ?? .min && $0.time < until ?? .max && $0.terms.isSuperset(of: terms) }
            .sorted { ($0.time, $0.id) > ($1.time, $1.id) }.prefix(limit).map(\.id)
    }
}
