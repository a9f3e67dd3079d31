// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Random writes to a storage, and a model of its expected contents.
struct ModelRun {
    static let ids = (0..<24).map {
        ArticleID(high: 0x0199_0000_0000_7000 + UInt64($0) << 16, low: 1 << 63 | UInt64($0))
    }

    var random: SeededNumbers
    var model = StorageModel()

    init(seed: UInt64) {
        random = SeededNumbers(state: (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The log starts over only when it is long enough: on a busy machine a test may be idle for long.
    static var plain: EngineLimits {
        var limits = EngineLimits.tests
        limits.idle = 3_600_000_000_000
        return limits
    }

    /// The log starts over all the time.
    static var limits: EngineLimits {
        var limits = plain
        limits.logGroups = 5
        // Large records go to the heap only.
        limits.heapOnlyBytes = 1000
        limits.maxReaders = 16
        return limits
    }

    mutating func step(_ storage: any ArticleStorage) async throws {
        let change = StorageModel.Change(Self.ids, &random)
        let expected = model.make(change)
        let result = await change.make(storage)
        try #require(StorageModel.Answer(result) == expected, "\(change)")
        model.note(result)
    }

    /// Opens a directory and compares everything with the model, in each way that it can be read.
    func verify(_ directory: String, _ comment: Comment, disk: any Disk = SystemDisk()) throws {
        let storage = try LMDBEngine(Self.limits, directory: directory, disk: disk)
        defer { storage.stop() }
        try verify(storage, comment)
    }

    /// Reads each record by its id and its key, but no list.
    func verifyRecords(_ storage: LMDBEngine, _ comment: Comment) throws {
        for id in Self.ids {
            let copy = try storage.copy(id)
            try #require(copy.map(model.isSame) ?? !model.has(id), comment)
            if let key = copy?.key, !key.isEmpty { try #require(try storage.copy(key: key)?.id == id, comment) }
        }
        for key in StorageModel.keys {
            let copy = try storage.copy(key: key)
            try #require(copy.map { model.isSame($0) && $0.key == Array(key.utf8) } ?? !model.hasKey(key), comment)
        }
    }

    func verify(_ storage: LMDBEngine, _ comment: Comment) throws {
        let all = try storage.list()
        let right = all.allSatisfy(model.isSame) && all.map(\.id) == model.list([], from: nil, until: nil, limit: .max)
        try #require(right, comment)
        for copy in all where !copy.key.isEmpty {
            try #require(try storage.copy(key: copy.key)?.id == copy.id, comment)
        }
        for term in 0..<3 {
            let found = try storage.list(["t\(term)"]).map(\.id)
            try #require(found == model.list(["t\(term)"], from: nil, until: nil, limit: .max), comment)
        }
        for id in Self.ids { try #require(try storage.copy(id).map(model.isSame) ?? !model.has(id), comment) }
        let count = try storage.statistics().records
        try #require(Int(count) == all.count, comment)
    }
}
