// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// Space is given to one record at a time, and reused only when nobody can reach the old one.
@Suite struct HeapSpaceTests {
    private let directory = TemporaryDirectory()

    @Test func spaceIsGivenToOneRecordAtATime() throws {
        let environment = try LMDBEnvironment.forTests(directory.path)
        defer { environment.close() }
        var random = SeededNumbers(state: 99)
        var live: [HeapLocation] = []
        /// Released locations, with the transaction.
        var left: [(location: HeapLocation, number: UInt64)] = []
        for round in 0..<400 {
            let isOver = round >= 360
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var space = try HeapSpace(transaction, environment.space, environment.path)
                let number = transaction.number
                // Up to an earlier transaction, or everything.
                let reclaimed = isOver ? number - 1 : number - min(number, 1 + random.next(6))
                try space.reclaim(upTo: reclaimed, transaction, environment.space) { _ throws(ServiceError) in }
                left.removeAll { $0.number <= reclaimed }
                for _ in 0..<random.next(isOver ? 1 : 12) {
                    let location = try space.take(
                        1 + Int(random.next(5000)), capacity: 1 << 30, transaction, environment.space)
                    guard let location else { throw ServiceError(.internal, "no place") }
                    live.append(location)
                }
                for _ in 0..<(isOver ? live.count / 4 + 2 : Int(random.next(12))) where !live.isEmpty {
                    let location = live.remove(at: Int(random.next(UInt64(live.count))))
                    try space.release(location, in: number, transaction, environment.space)
                    left.append((location, number))
                }
                try space.store(transaction, environment.space)
            }
            let taken = (live + left.map(\.location)).sorted { $0.offset < $1.offset }
            for (a, b) in zip(taken, taken.dropFirst()) { try #require(a.offset + a.extent <= b.offset) }
            let space = try Self.space(environment)
            try #require(space.used == live.reduce(0) { $0 + $1.extent })
            try #require(space.waiting == left.reduce(0) { $0 + $1.location.extent })
            try #require(taken.last.map { $0.offset + $0.extent <= space.end } ?? true)
        }
        // Everything was released, and merged into one extent.
        #expect(live.isEmpty)
        #expect(try Self.space(environment).end == HeapFile.start)
        #expect(try Self.count(environment) == 1)
    }

    /// The smallest extent that fits is used, and no more of it than needed.
    @Test func releasedSpaceIsReused() throws {
        let environment = try LMDBEnvironment.forTests(directory.path)
        defer { environment.close() }
        let sizes = [640, 64, 320, 64, 128, 64]
        let places = try Self.take(environment, sizes.map { $0 - 5 })
        #expect(places.map { $0?.extent } == sizes)
        let left = [0, 2, 4].compactMap { places[$0] }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, environment.space, environment.path)
            for location in left { try space.release(location, in: 3, transaction, environment.space) }
            try space.store(transaction, environment.space)
        }
        let end = try Self.space(environment).end
        #expect(try Self.take(environment, [100], reclaiming: 2).map { $0?.offset } == [end])
        #expect(try Self.space(environment).free == 0)
        let again = try Self.take(environment, [100, 129, 128, 640, 10_000], reclaiming: 3)
        let two = try #require(places[2]?.offset)
        #expect(again.map { $0?.offset } == [places[4]?.offset, two, two + 192, places[0]?.offset, nil])
        #expect(try Self.space(environment).free == 0)
    }

    /// A replay gives each record its old location: whatever was taken since a snapshot, in order, is free in that
    /// snapshot, except for what was released since.
    @Test func aLocationCanBeClaimedAgain() throws {
        let elsewhere = TemporaryDirectory()
        let first = try LMDBEnvironment.forTests(directory.path)
        let second = try LMDBEnvironment.forTests(elsewhere.path)
        defer {
            first.close()
            second.close()
        }
        var random = SeededNumbers(state: 5)
        var live: [HeapLocation] = []
        // Both are the same up to a snapshot.
        for _ in 0..<40 {
            var copy = random
            let before = live
            _ = try Self.change(first, &random, &live, reclaiming: 0)
            var others = before
            _ = try Self.change(second, &copy, &others, reclaiming: 0)
            #expect(others == live)
        }
        let version = try Self.number(first) - 1
        var steps: [Step] = []
        for _ in 0..<60 { steps += try Self.change(first, &random, &live, reclaiming: version) }
        try unsafe WriteTransaction.run(second.handle, second.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, second.space, second.path)
            try space.reclaim(upTo: version, limit: .max, transaction, second.space) { _ throws(ServiceError) in }
            for step in steps {
                switch step {
                case .taken(let location):
                    for isFirst in [true, false] {
                        let isFree = try space.claim(location, capacity: 1 << 30, transaction, second.space)
                        if isFree != isFirst { throw ServiceError(.internal, "\(location): \(isFree)") }
                    }
                case .left(let location):
                    try space.release(location, in: transaction.number, transaction, second.space)
                }
            }
            try space.store(transaction, second.space)
        }
        #expect(try Self.space(second).used == live.reduce(0) { $0 + $1.extent })
        #expect(try Self.space(first).used == live.reduce(0) { $0 + $1.extent })
        // There is no space beyond the greatest size of the file, and none in its head.
        try unsafe WriteTransaction.run(second.handle, second.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, second.space, second.path)
            for offset in [0, 1 << 30, Int.max - 63] {
                let location = HeapLocation(offset: offset, count: 100)
                if try space.claim(location, capacity: 1 << 30, transaction, second.space) {
                    throw ServiceError(.internal, "claimed \(offset)")
                }
            }
        }
    }

    private enum Step {
        case taken(HeapLocation)
        case left(HeapLocation)
    }

    /// A transaction in which some records take space and others release it.
    private static func change(
        _ environment: LMDBEnvironment, _ random: inout SeededNumbers, _ live: inout [HeapLocation],
        reclaiming number: UInt64
    ) throws(ServiceError) -> [Step] {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var steps: [Step] = []
            var space = try HeapSpace(transaction, environment.space, environment.path)
            try space.reclaim(upTo: number, limit: 3, transaction, environment.space) { _ throws(ServiceError) in }
            for _ in 0..<(2 + random.next(4)) {
                let count = 1 + Int(random.next(3000))
                guard let location = try space.take(count, capacity: 1 << 30, transaction, environment.space) else {
                    break
                }
                live.append(location)
                steps.append(.taken(location))
                if random.next(3) > 0 {
                    let gone = live.remove(at: Int(random.next(UInt64(live.count))))
                    try space.release(gone, in: transaction.number, transaction, environment.space)
                    steps.append(.left(gone))
                }
            }
            try space.store(transaction, environment.space)
            return steps
        }
    }

    /// The number of the next transaction.
    private static func number(_ environment: LMDBEnvironment) throws(ServiceError) -> UInt64 {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { $0.number }
    }

    /// Takes space for `counts` bytes each. The file has room for 10,000.
    private static func take(
        _ environment: LMDBEnvironment, _ counts: [Int], reclaiming number: UInt64 = 0
    ) throws(ServiceError) -> [HeapLocation?] {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, environment.space, environment.path)
            try space.reclaim(upTo: number, transaction, environment.space) { _ throws(ServiceError) in }
            var locations: [HeapLocation?] = []
            for count in counts {
                locations.append(try space.take(count, capacity: 10_000, transaction, environment.space))
            }
            try space.store(transaction, environment.space)
            return locations
        }
    }

    private static func space(_ environment: LMDBEnvironment) throws(ServiceError) -> HeapSpace {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            try HeapSpace(transaction, environment.space, environment.path)
        }
    }

    private static func count(_ environment: LMDBEnvironment) throws(ServiceError) -> Int {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            try transaction.count(environment.space)
        }
    }
}
