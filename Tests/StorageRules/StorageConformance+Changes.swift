// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization
import Testing

extension StorageConformance {
    /// What an engine that keeps a record of changes does.
    static let changes: [(name: String, rule: Rule)] = [
        ("changes come in order, one for each record", changeOrder),
        ("changes after a position are the later ones", changesAfter),
        ("a deletion is a change", changeOfDeletion),
        ("a record that was stored again is there", changeOfRecreation),
        ("the end of the changes", changeEnd),
        ("pages of changes have limits", changeLimits),
        ("writes that change nothing are no changes", unchangedIsNoChange),
        ("a watch tells of changes", changeWatch),
        ("positions of others are out of range", foreignPositions),
        ("who has caught up has all that was acknowledged", changeTail),
        ("mirrors equal the storage", mirrors),
        ("a mirror follows many writers", mirrorOfManyWriters),
    ]

    /// Waits until everything acknowledged can be followed.
    private static func settled(_ storage: any ArticleStorage) async throws -> ChangeMirror {
        var mirror = ChangeMirror()
        try await mirror.catchUp(storage)
        return mirror
    }

    static func changeOrder(_ storage: any ArticleStorage) async throws {
        let ids = (0..<5).map { _ in ArticleID.generate() }
        for id in ids { _ = await storage.put(.id(id), "first \(id)", key: "\(id)", time: 7) }
        _ = await storage.put(.id(ids[1]), "second", key: "second", time: 8)
        _ = await storage.put(.id(ids[0]), "third")
        _ = try await settled(storage)
        let page = try await storage.fetch(ChangeQuery(.beginning))
        #expect(page.changes.map(\.record.id) == [ids[2], ids[3], ids[4], ids[1], ids[0]])
        #expect(page.changes.allSatisfy { $0.kind == .put } && !page.progress.hasMore)
        #expect(zip(page.changes, page.changes.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        for change in page.changes { #expect(try await storage.current(change.record.id) == change.record) }
    }

    static func changeTail(_ storage: any ArticleStorage) async throws {
        var position: ChangePosition?
        for number in 0..<20 {
            let id = ArticleID.generate()
            #expect(await storage.put(.id(id), "\(number)").outcome.isCreated)
            var seen: [ArticleID] = []
            for try await batch in storage.changes(after: position) {
                seen += batch.changes.map(\.record.id)
                position = batch.position
                if batch.isCaughtUp { break }
            }
            #expect(seen == [id], "\(number)")
        }
    }

    static func changesAfter(_ storage: any ArticleStorage) async throws {
        let ids = (0..<4).map { _ in ArticleID.generate() }
        for id in ids { _ = await storage.put(.id(id), "x") }
        var mirror = try await settled(storage)
        #expect(mirror.records.count == 4)
        try await mirror.follow(storage)
        #expect(mirror.changes.isEmpty, "there is nothing new")
        _ = await storage.put(.id(ids[2]), "y")
        try await mirror.catchUp(storage)
        #expect(mirror.changes.map(\.record.id) == [ids[2]])
        #expect(mirror.changes.first?.record.content == Array("y".utf8))
        // Each change is a place to go on from.
        let page = try await storage.fetch(ChangeQuery(.beginning))
        for (index, change) in page.changes.enumerated() {
            let place = ChangePosition(epoch: page.progress.position.epoch, sequence: change.sequence)
            let rest = try await storage.fetch(ChangeQuery(.after(place)))
            #expect(rest.changes.map(\.sequence) == page.changes.dropFirst(index + 1).map(\.sequence))
        }
    }

    static func changeOfDeletion(_ storage: any ArticleStorage) async throws {
        let (kept, gone) = (ArticleID.generate(), ArticleID.generate())
        for id in [kept, gone] { _ = await storage.put(.id(id), "x", key: "\(id)") }
        _ = await storage.put(.id(gone), "y", key: "\(gone)")
        var mirror = try await settled(storage)
        _ = await storage.delete(gone)
        try await mirror.catchUp(storage)
        let change = try #require(mirror.changes.first)
        #expect(mirror.changes.count == 1 && change.kind == .delete && change.record.id == gone)
        #expect(change.record.revision == 2 && change.record.storedAt > 1_500_000_000_000)
        #expect(change.record.content.isEmpty && change.record.key.isEmpty)
        // From the beginning, the record is not there.
        let again = try await settled(storage)
        #expect(again.records.keys.elementsEqual([kept]))
    }

    static func changeOfRecreation(_ storage: any ArticleStorage) async throws {
        let (id, other) = (ArticleID.generate(), ArticleID.generate())
        _ = await storage.put(.id(id), "first")
        _ = await storage.put(.id(other), "x")
        let before = try await settled(storage)
        var near = before
        _ = await storage.delete(id)
        try await near.catchUp(storage)
        _ = await storage.put(.id(id), "second")
        for mirror in [before, near] {
            var mirror = mirror
            try await mirror.catchUp(storage)
            #expect(mirror.changes.last?.kind == .put && mirror.changes.last?.record.id == id)
            #expect(mirror.records[id]?.content == Array("second".utf8) && mirror.restarts == 0)
        }
        let page = try await storage.fetch(ChangeQuery(.beginning))
        #expect(page.changes.filter { $0.kind == .put }.map(\.record.id) == [other, id])
        #expect(!page.changes.contains { $0.kind == .delete }, "it is there")
    }

    static func changeEnd(_ storage: any ArticleStorage) async throws {
        let empty = try await storage.fetch(ChangeQuery(.end))
        #expect(empty.changes.isEmpty && !empty.progress.hasMore)
        #expect(try await storage.fetch(ChangeQuery(.after(empty.progress.position))).changes.isEmpty)
        #expect(try await storage.fetch(ChangeQuery(.beginning)).changes.isEmpty)
        let (old, new) = (ArticleID.generate(), ArticleID.generate())
        _ = await storage.put(.id(old), "x")
        _ = try await settled(storage)
        let end = try await storage.lastPosition()
        _ = await storage.put(.id(new), "y")
        _ = try await settled(storage)
        let page = try await storage.fetch(ChangeQuery(.after(end)))
        #expect(page.changes.map(\.record.id) == [new])
        // The position from when there was nothing is good too.
        #expect(
            try await storage.fetch(ChangeQuery(.after(empty.progress.position))).changes.map(\.record.id) == [
                old, new,
            ])
    }

    static func changeLimits(_ storage: any ArticleStorage) async throws {
        let ids = (0..<20).map { _ in ArticleID.generate() }
        for id in ids { _ = await storage.put(.id(id), content: [UInt8](repeating: 1, count: 1000)) }
        _ = try await settled(storage)
        for limit in [1, 3, 19, 20, 21] {
            let page = try await storage.fetch(ChangeQuery(.beginning, limit: limit))
            #expect(page.changes.map(\.record.id) == ids.prefix(limit).map { $0 })
            #expect(page.progress.hasMore == (limit < 20))
            let rest = try await storage.fetch(ChangeQuery(.after(page.progress.position)))
            #expect(rest.changes.map(\.record.id) == ids.dropFirst(limit).map { $0 })
        }
        // The change that fills the page is still in it.
        for (bytes, count) in [(1, 1), (1000, 1), (1001, 2), (2500, 3), (20_000, 20)] {
            let page = try await storage.fetch(ChangeQuery(.beginning, bytes: bytes))
            #expect(page.changes.count == count && page.progress.hasMore == (count < 20), "\(bytes) bytes")
        }
        var seen = 0
        let progress = try storage.lend(ChangeQuery(.beginning)) { _ in
            seen += 1
            return seen < 5
        }
        // An engine that waits has no such end.
        guard let progress else { return }
        #expect(seen == 5 && progress.hasMore)
        let rest = try await storage.fetch(ChangeQuery(.after(progress.position)))
        #expect(rest.changes.map(\.record.id) == ids.dropFirst(5).map { $0 })
    }

    static func unchangedIsNoChange(_ storage: any ArticleStorage) async throws {
        let id = ArticleID.generate()
        _ = await storage.put(.id(id), "x", key: "k", time: 1)
        var mirror = try await settled(storage)
        #expect(await storage.put(.id(id), "x", key: "k", time: 1).outcome.isUnchanged)
        #expect(await storage.put(.id(id), "y", expected: 7).refusal == .conflict)
        #expect(await storage.delete(.generate()).refusal == .notFound)
        let other = ArticleID.generate()
        _ = await storage.put(.id(other), "z")
        try await mirror.catchUp(storage)
        #expect(mirror.changes.map(\.record.id) == [other])
    }

    static func changeWatch(_ storage: any ArticleStorage) async throws {
        let calls = Counter()
        let watch = try #require(storage.watchChanges { calls.add() })
        let signal = try #require(ChangeSignal(storage))
        var mirror = ChangeMirror()
        for number in 0..<5 {
            let id = ArticleID.generate()
            _ = await storage.put(.id(id), "\(number)")
            while mirror.records[id] == nil {
                try await mirror.follow(storage)
                if mirror.records[id] == nil { await signal.wait() }
            }
            // Both are told.
            #expect(calls.count > 0)
        }
        withExtendedLifetime(watch) {}
        let ended = Counter()
        do {
            let short = try #require(storage.watchChanges { ended.add() })
            withExtendedLifetime(short) {}
        }
        let before = ended.count
        _ = await storage.put(.id(.generate()), "later")
        try await mirror.catchUp(storage)
        #expect(ended.count == before, "it is over")
    }

    static func foreignPositions(_ storage: any ArticleStorage) async throws {
        for _ in 0..<3 { _ = await storage.put(.id(.generate()), "x") }
        let position = try #require(try await settled(storage).position)
        var foreign: [ChangePosition] = []
        foreign.append(ChangePosition(epoch: .init(high: 1, low: 2), sequence: position.sequence))
        foreign.append(ChangePosition(epoch: .init(high: .max, low: .max), sequence: .max))
        foreign.append(ChangePosition(epoch: .init(high: ~position.epoch.high, low: position.epoch.low), sequence: 1))
        foreign.append(ChangePosition(epoch: position.epoch, sequence: position.sequence + 1_000_000))
        foreign.append(ChangePosition(epoch: .init(high: 0, low: 0), sequence: 0))
        for position in foreign {
            let error = await #expect(throws: ServiceError.self) {
                _ = try await storage.fetch(ChangeQuery(.after(position)))
            }
            #expect(error?.code == .outOfRange && error?.message.contains("again") == true)
        }
        #expect(try await storage.fetch(ChangeQuery(.after(position))).changes.isEmpty)
    }

    /// Readers of every speed, among writes at random.
    static func mirrors(_ storage: any ArticleStorage) async throws {
        var random = SeededNumbers(state: 0xC0FF_EE11)
        let ids = (0..<24).map { _ in ArticleID.generate() }
        var mirrors = (0..<4).map { _ in ChangeMirror() }
        for step in 0..<800 {
            _ = await StorageModel.Change(ids, &random).make(storage)
            for index in mirrors.indices where random.next(UInt64(2 + index * 20)) == 0 {
                try await mirrors[index].follow(storage, limit: 1 + Int(random.next(9)), pages: 1)
            }
            if step % 100 != 99 { continue }
            for index in mirrors.indices.dropLast() {
                try await mirrors[index].catchUp(storage, limit: 1 + Int(random.next(5)))
            }
            var new = ChangeMirror()
            try await new.catchUp(storage, limit: 3)
            let puts = new.changes.filter { $0.kind == .put }.map(\.record.id)
            // The storage may have been busy with the last one.
            #expect(Set(puts).count == new.records.count, "step \(step)")
        }
        for index in mirrors.indices {
            try await mirrors[index].catchUp(storage)
            #expect(mirrors[index].restarts == 0)
        }
    }

    static func mirrorOfManyWriters(_ storage: any ArticleStorage) async throws {
        let writing = Task {
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var random = SeededNumbers(state: UInt64(writer + 1) &* 0x9E37_79B9)
                        let ids = (0..<6).map { _ in ArticleID.generate() }
                        for number in 0..<120 {
                            let id = ids[Int(random.next(6))]
                            if random.next(4) == 0 {
                                _ = await storage.delete(id)
                            } else {
                                _ = await storage.put(.id(id), "\(number)")
                            }
                        }
                    }
                }
            }
        }
        var mirror = ChangeMirror()
        let isOver = Counter()
        let watching = Task {
            await writing.value
            isOver.add()
        }
        while isOver.count == 0 { try await mirror.follow(storage, limit: 7, pages: 50) }
        await watching.value
        try await mirror.catchUp(storage)
        #expect(mirror.restarts == 0)
    }
}

/// Counts calls. Any thread.
final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add() { value.add(1, ordering: .relaxed) }
}
