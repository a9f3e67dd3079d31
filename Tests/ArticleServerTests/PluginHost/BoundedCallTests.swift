import Synchronization
import Testing

@testable import ArticleServer

@Suite struct BoundedCallTests {
    @Test func answers() throws {
        let call = try BoundedCall { 42 }
        #expect(call.wait(nanoseconds: 10_000_000_000) == 42)
        #expect(call.answer == 42)
    }

    @Test func givesUp() throws {
        let gate = Mutex(())
        let waiting = try gate.withLock { _ in
            let call = try BoundedCall {
                gate.withLock { _ in }
                return true
            }
            #expect(call.wait(nanoseconds: 1_000_000) == nil)
            return call
        }
        // It goes on, and its late answer harms nobody.
        #expect(waiting.wait(nanoseconds: 10_000_000_000) == true)
    }
}
