import LinuxRuntime
import Synchronization
import Testing

@testable import ArticleServer

@Suite struct BoundedCallTests {
    @Test func answers() throws {
        let call = try BoundedCall { 42 }
        #expect(call.wait(until: MonotonicClock.after(.seconds(10))) == 42)
        #expect(call.answer == 42)
    }

    @Test func givesUp() throws {
        let gate = Mutex(())
        let waiting = try gate.withLock { _ in
            let call = try BoundedCall {
                gate.withLock { _ in }
                return true
            }
            #expect(call.wait(until: MonotonicClock.after(.milliseconds(1))) == nil)
            return call
        }
        // It goes on, and its late answer harms nobody.
        #expect(waiting.wait(until: MonotonicClock.after(.seconds(10))) == true)
    }
}
