// SPDX-License-Identifier: Apache-2.0
import HandlerKit
import Testing

@Suite struct TermListTests {
    private func terms(_ list: TermList) -> [[UInt8]] {
        var terms: [[UInt8]] = []
        func add(_ term: RawSpan) { terms.append(unsafe term.withUnsafeBytes { unsafe Array($0) }) }
        list.forEach(add)
        return terms
    }

    private func append(_ list: inout TermList, _ prefix: StaticString, _ text: [UInt8]) -> Bool {
        unsafe list.append(prefix, text.span.bytes)
    }

    @Test func keepsOrderAndDropsDuplicates() {
        var list = TermList()
        #expect(append(&list, "t:", [1, 2]))
        #expect(append(&list, "", [3]))
        #expect(append(&list, "t:", [1, 2]))
        #expect(append(&list, "t:", [1]))
        #expect(list.count == 3)
        #expect(terms(list) == [[116, 58, 1, 2], [3], [116, 58, 1]])
    }

    @Test func bounds() {
        var list = TermList()
        #expect(!append(&list, "", []))
        #expect(append(&list, "t:", [UInt8](repeating: 1, count: 253)))
        #expect(!append(&list, "t:", [UInt8](repeating: 1, count: 254)))
        for index in 1..<64 { #expect(append(&list, "", [UInt8(index)])) }
        #expect(!append(&list, "", [200]))
        #expect(list.count == 64)
        #expect(terms(list).count == 64)
    }
}
