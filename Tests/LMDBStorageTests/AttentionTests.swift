import Testing

@testable import LMDBStorage

@Suite struct AttentionTests {
    @Test func aReaderMayNoteALaterTimeThanTheCommitterHasRead() {
        let attention = Attention()
        attention.note(at: 1_000)
        #expect(attention.isRecent(at: 999))
        #expect(attention.isRecent(at: 0))
    }

    @Test func itPasses() {
        let attention = Attention()
        attention.note(at: 1_000)
        #expect(attention.isRecent(at: 1_000 + Attention.span - 1))
        #expect(!attention.isRecent(at: 1_000 + Attention.span))
    }
}
