import ArticleProtocol
import Testing

@testable import LMDBStorage

/// Places are given once, and again only when nobody can come to what was there.
@Suite struct HeapSpaceTests {
    private let directory = TemporaryDirectory()

    @Test func placesAreGivenToOneAtATime() throws {
        let environment = try Environment.open(in: DataDirectory(directory.path), EngineLimits())
        defer { environment.close() }
        var random = SeededNumbers(state: 99)
        var live: [HeapLocation] = []
        /// What was left, and when.
        var left: [(location: HeapLocation, number: UInt64)] = []
        for round in 0..<400 {
            let isOver = round >= 360
            try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
                var space = try HeapSpace(transaction, environment.space, environment.path)
                let number = transaction.number
                // Up to a transaction some time ago, or all.
                let reclaimed = isOver ? number - 1 : number - min(number, 1 + random.next(6))
                try space.reclaim(upTo: reclaimed, transaction, environment.space)
                left.removeAll { $0.number <= reclaimed }
                for _ in 0..<random.next(isOver ? 1 : 12) {
                    let location = try space.take(
                        1 + Int(random.next(5000)), capacity: 1 << 30, transaction, environment.space)
                    guard let location else { throw ServiceError(.internal, "no place") }
                    live.append(location)
                }
                for _ in 0..<(isOver ? live.count / 4 + 2 : Int(random.next(12))) where !live.isEmpty {
                    let location = live.remove(at: Int(random.next(UInt64(live.count))))
                    try space.leave(location, in: number, transaction, environment.space)
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
        // All was left, and became one piece again.
        #expect(live.isEmpty)
        #expect(try Self.space(environment).end == HeapFile.start)
        #expect(try Self.count(environment) == 1)
    }

    /// What is given is the smallest that is large enough, and no more of it than is needed.
    @Test func whatWasLeftIsUsedAgain() throws {
        let environment = try Environment.open(in: DataDirectory(directory.path), EngineLimits())
        defer { environment.close() }
        let sizes = [640, 64, 320, 64, 128, 64]
        let places = try Self.take(environment, sizes.map { $0 - 5 })
        #expect(places.map { $0?.extent } == sizes)
        let left = [0, 2, 4].compactMap { places[$0] }
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, environment.space, environment.path)
            for location in left { try space.leave(location, in: 3, transaction, environment.space) }
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

    /// Places for so many bytes each; the file has room for 10,000.
    private static func take(
        _ environment: Environment, _ counts: [Int], reclaiming number: UInt64 = 0
    ) throws(ServiceError) -> [HeapLocation?] {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            var space = try HeapSpace(transaction, environment.space, environment.path)
            try space.reclaim(upTo: number, transaction, environment.space)
            var locations: [HeapLocation?] = []
            for count in counts {
                locations.append(try space.take(count, capacity: 10_000, transaction, environment.space))
            }
            try space.store(transaction, environment.space)
            return locations
        }
    }

    private static func space(_ environment: Environment) throws(ServiceError) -> HeapSpace {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            try HeapSpace(transaction, environment.space, environment.path)
        }
    }

    private static func count(_ environment: Environment) throws(ServiceError) -> Int {
        try unsafe WriteTransaction.run(environment.handle, environment.path) { transaction throws(ServiceError) in
            try transaction.count(environment.space)
        }
    }
}
