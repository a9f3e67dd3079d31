internal import ArticleProtocol

/// The methods of a client that shook hands with a former process: what it calls by which number, and what that is now.
final class ClientMethods: Sendable {
    /// As the client was told.
    let table: MethodTable
    /// The number of today for each of the client's, from 1 on; 0: there is no such method any more.
    private let numbers: [UInt16]

    /// nil if the client's numbers are those of today.
    init?(_ table: MethodTable, _ router: Router) {
        let present = router.descriptions
        let isSame =
            table.methods.count == present.count
            && zip(table.methods, present).allSatisfy { $0.number == $1.number && Self.isSame($0, $1) }
        if isSame { return nil }
        let byName = Dictionary(present.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var numbers: [UInt16] = []
        for method in table.methods {
            guard let number = UInt16(exactly: method.number), number > 0 else { continue }
            if numbers.count < number {
                numbers.append(contentsOf: repeatElement(0, count: Int(number) - numbers.count))
            }
            // One that takes or gives its messages in another way now is not the method that the client means.
            guard let now = byName[method.name], Self.isSame(method, now) else { continue }
            numbers[Int(number) - 1] = UInt16(truncatingIfNeeded: now.number)
        }
        self.table = table
        self.numbers = numbers
    }

    /// The number of today, 0 if there is none.
    func number(for number: UInt16) -> UInt16 {
        let index = Int(number) - 1
        return numbers.indices.contains(index) ? numbers[index] : 0
    }

    private static func isSame(_ one: MethodDescription, _ other: MethodDescription) -> Bool {
        one.name == other.name && one.streamRequest == other.streamRequest
            && one.streamResponse == other.streamResponse
    }
}
