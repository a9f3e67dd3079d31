import ArticleProtocol
import Testing

@testable import ArticleServer

@Suite struct ClientMethodsTests {
    private func router(_ methods: (String, Bool)...) -> Router {
        Router(
            methods.enumerated().map { index, method in
                unsafe Route(
                    description: MethodDescription(
                        name: method.0, number: UInt32(index + 1), streamResponse: method.1),
                    role: 0, streamsRequest: false, streamsResponse: method.1, handle: Script.handle, plugin: nil,
                    index: 0)
            })
    }

    @Test func theSameNumbersNeedNoTable() {
        let now = router(("a.get", false), ("a.list", true))
        #expect(ClientMethods(MethodTable(now.descriptions), now) == nil)
    }

    @Test func numbersAreTranslated() throws {
        let before = MethodTable(router(("a.get", false), ("a.list", true), ("a.put", false)).descriptions)
        let now = router(("b.new", false), ("a.put", false), ("a.get", false), ("a.list", false))
        let methods = try #require(ClientMethods(before, now))
        #expect(methods.number(for: 1) == 3)
        #expect(methods.number(for: 2) == 0, "it gives its answer in another way now")
        #expect(methods.number(for: 3) == 2)
        #expect(methods.number(for: 4) == 0, "a number that this client was never told")
        #expect(methods.number(for: 0) == 0)
        #expect(methods.number(for: .max) == 0)
        #expect(methods.table == before)
    }

    @Test func aMethodLessIsADifference() throws {
        let before = MethodTable(router(("a.get", false), ("a.list", true)).descriptions)
        let methods = try #require(ClientMethods(before, router(("a.get", false))))
        #expect(methods.number(for: 1) == 1)
        #expect(methods.number(for: 2) == 0)
    }

    /// From a table that no server makes.
    @Test func strangeNumbersAreSkipped() throws {
        let table = MethodTable([
            MethodDescription(name: "a.get", number: 0), MethodDescription(name: "a.get", number: 70_000),
            MethodDescription(name: "a.get", number: 65_535),
        ])
        let methods = try #require(ClientMethods(table, router(("a.get", false))))
        #expect(methods.number(for: 65_535) == 1)
        #expect(methods.number(for: 1) == 0)
    }
}
