// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LMDBStorage

@Suite struct ReaderActivityTests {
    @Test func aReaderMayNoteALaterTimeThanTheCommitterHasRead() {
        let activity = ReaderActivity()
        activity.note(at: 1_000)
        #expect(activity.isRecent(at: 999))
        #expect(activity.isRecent(at: 0))
    }

    @Test func itPasses() {
        let activity = ReaderActivity()
        activity.note(at: 1_000)
        #expect(activity.isRecent(at: 1_000 + ReaderActivity.span - 1))
        #expect(!activity.isRecent(at: 1_000 + ReaderActivity.span))
    }
}
