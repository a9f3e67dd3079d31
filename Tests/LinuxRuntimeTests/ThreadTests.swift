// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxRuntime
import Synchronization
import Testing

@Suite struct ThreadTests {
    @Test func joinWaitsForTheEnd() throws {
        let seen = Mutex<[Int]>([])
        let threads = try (0..<4).map { number in try Thread("counts") { seen.withLock { $0.append(number) } } }
        for thread in threads { thread.join() }
        #expect(seen.withLock { $0.sorted() } == [0, 1, 2, 3])
    }

    @Test func aDetachedThreadHasItsNameCutToWhatTheKernelKeeps() throws {
        let name = Mutex("")
        let isDone = Semaphore()
        try Thread.detach("a name of more than 15 bytes") {
            var bytes = [UInt8](repeating: 0, count: 32)
            let file = Descriptor(owning: unsafe open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC))
            let count = unsafe read(file.number, &bytes, bytes.count)
            let kept = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            name.withLock { $0 = kept }
            isDone.signal()
        }
        #expect(isDone.wait(nanoseconds: 30_000_000_000))
        #expect(name.withLock { $0 } == "a name of more \n")
    }

    /// Signals are for the program's other threads; only those of a fault are not blocked.
    @Test func signalsStayWithTheOtherThreads() throws {
        @Sendable func blocked() -> [Bool] {
            var set = sigset_t()
            unsafe pthread_sigmask(SIG_BLOCK, nil, &set)
            return [SIGTERM, SIGINT, SIGXFSZ, SIGPROF, SIGSEGV, SIGBUS, SIGILL].map {
                unsafe sigismember(&set, $0) == 1
            }
        }
        let before = blocked()
        let inThread = Mutex<[Bool]>([])
        try Thread("signals") { inThread.withLock { $0 = blocked() } }.join()
        #expect(inThread.withLock { $0 } == [true, true, true, true, false, false, false])
        #expect(blocked() == before)
    }
}

@Suite struct SemaphoreTests {
    @Test func aWaitEndsWithASignalOrWithItsTime() {
        let semaphore = Semaphore()
        semaphore.signal()
        #expect(semaphore.wait(nanoseconds: .max))
        let start = MonotonicClock.now
        #expect(!semaphore.wait(nanoseconds: 50_000_000))
        #expect(MonotonicClock.elapsed(from: start, to: MonotonicClock.now) >= 50_000_000)
        #expect(!semaphore.wait(nanoseconds: 0))
    }

    @Test func signalsAreCounted() throws {
        let (there, back) = (Semaphore(), Semaphore())
        let thread = try Thread("echo") {
            for _ in 0..<1000 {
                there.wait()
                back.signal()
            }
        }
        for _ in 0..<1000 { there.signal() }
        thread.join()
        for _ in 0..<1000 { #expect(back.wait(nanoseconds: 0)) }
        #expect(!back.wait(nanoseconds: 0))
    }
}
