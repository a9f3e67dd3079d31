import CLinux
import Testing

@testable import ClassifyHandler

@Suite struct SemaphoreTests {
    @Test func aWaitEndsWithASignalOrWithItsTime() {
        let semaphore = Semaphore()
        semaphore.signal()
        #expect(semaphore.wait(seconds: .max))
        let start = clinux_now()
        #expect(!semaphore.wait(seconds: 1))
        #expect(clinux_elapsed(start, clinux_now()) >= 1_000_000_000)
        #expect(!semaphore.wait(seconds: -1))
    }
}
