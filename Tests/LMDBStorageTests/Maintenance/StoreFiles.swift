// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization

@testable import LMDBStorage
@testable import StorageRules

extension Job {
    /// Waits for the result.
    func result() async throws -> Progress {
        var seen = 0
        while let (update, version) = await nextUpdate(after: seen) {
            seen = version
            switch update {
            case .progress: continue
            case .done(let progress): return progress
            case .failed(let error): throw error
            }
        }
        throw CancellationError()
    }
}

extension LMDBEngine {
    /// Runs a verification.
    func verified() async throws -> VerifyResult {
        let progress = try await maintenance.verification(VerifyRequest()).result()
        return progress.result ?? VerifyResult()
    }

    /// Stores an article under each id, and waits until all are acknowledged.
    func fill(
        _ ids: [ArticleID],
        _ content: @Sendable (Int) -> [UInt8] = { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 900) }
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for (number, id) in ids.enumerated() {
                let content = content(number)
                group.addTask {
                    _ = await self.put(
                        .id(id), content: content, key: Array("https://bao.vn/\(id)".utf8), time: Int64(number % 7),
                        terms: ["topic:\(number % 3)", "source:bao"])
                }
            }
        }
    }
}

/// Replaces, deletes and stores articles until it is stopped.
final class Writer: Sendable {
    private let engine: LMDBEngine
    private let ids: [ArticleID]
    private let isOver = Atomic(false)

    init(_ engine: LMDBEngine, _ ids: [ArticleID]) {
        self.engine = engine
        self.ids = ids
    }

    func run() async {
        var number = 0
        while !isOver.load(ordering: .relaxed) {
            number += 1
            let id = ids[number * 7 % ids.count]
            if number % 3 == 0 {
                _ = await engine.delete(id)
            } else {
                _ = await engine.put(
                    .id(id), content: [UInt8](repeating: 1, count: number % 3000),
                    key: Array("https://bao.vn/\(id)".utf8), time: Int64(number % 11), terms: ["topic:\(number % 5)"])
            }
        }
    }

    func stop() { isOver.store(true, ordering: .relaxed) }
}

/// Damages stored data.
enum Damage {
    /// Flips a bit in the file, at an offset from where the given bytes are.
    static func flip(_ bytes: [UInt8], at offset: Int = 0, in path: String) throws {
        let all = FileBytes.read(path)
        guard let start = all.indices.first(where: { all[$0...].starts(with: bytes) }) else {
            throw ServiceError(.notFound, "the bytes are not in \(path)")
        }
        let descriptor = unsafe open(path, O_RDWR)
        defer { close(descriptor) }
        let flipped = [all[start + offset] ^ 4]
        guard unsafe pwrite(descriptor, flipped, 1, off_t(start + offset)) == 1 else {
            throw ServiceError.system("cannot write")
        }
    }

    /// Changes the tables of a stopped store.
    static func tables(
        _ path: String, _ body: (borrowing WriteTransaction, LMDBEnvironment) throws(ServiceError) -> Void
    ) throws {
        let environment = try LMDBEnvironment.forTests(path)
        defer { environment.close() }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            try body(transaction, environment)
        }
        // As if the store had done it itself: otherwise a start would rebuild the index.
        let metas = try MetaPages(path: environment.path, pageSize: environment.pageSize)
        try PageSums(DataDirectory(path).sums, pageSize: environment.pageSize)
            .update(environment.files.database, from: nil, to: metas, SystemDisk())
        guard var mark = try FileMark(of: environment.path, pageSize: environment.pageSize) else { return }
        mark.headsChecksum = metas.checksum
        try mark.write(to: environment.files.database, pageSize: environment.pageSize)
    }
}

extension WriteTransaction {
    func put(_ entry: IndexEntry, _ environment: LMDBEnvironment) throws(ServiceError) {
        try index([entry], insteadOf: [], environment.index)
    }

    func remove(_ entry: IndexEntry, _ environment: LMDBEnvironment) throws(ServiceError) {
        try index([], insteadOf: [entry], environment.index)
    }
}

/// Stores numbers, each replacing the oldest one: at any moment the last few are there.
final class Numbers: Sendable {
    private struct State {
        var acknowledged = 0
        var isOver = false
    }

    private let engine: LMDBEngine
    private let ids: [ArticleID]
    private let state = Mutex(State())

    init(_ engine: LMDBEngine, _ ids: [ArticleID]) {
        self.engine = engine
        self.ids = ids
    }

    var acknowledged: Int { state.withLock { $0.acknowledged } }

    func run() async {
        while !state.withLock({ $0.isOver }) { await step() }
    }

    func stop() { state.withLock { $0.isOver = true } }

    func step() async {
        let number = acknowledged + 1
        _ = await engine.put(
            .id(ids[number % ids.count]), content: Array("\(number)".utf8), time: Int64(number), terms: ["number"])
        state.withLock { $0.acknowledged = number }
    }

    /// The moment that a store is from; `nil` if it is not from a single one.
    func moment(_ store: LMDBEngine) throws -> Int? {
        let found = try store.list(["number"]).map { Int(String(decoding: $0.content, as: UTF8.self)) ?? 0 }
        let last = found.first ?? 0
        let expected = (max(1, last - ids.count + 1)..<last + 1).reversed()
        return try found == Array(expected) && store.list().count == found.count ? last : nil
    }
}
