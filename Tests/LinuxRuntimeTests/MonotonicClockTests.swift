// SPDX-License-Identifier: Apache-2.0
import LinuxRuntime
import Testing

@Suite struct MonotonicClockTests {
    @Test func timesThatAreTooFarAwayAreNever() {
        #expect(MonotonicClock.after(nanoseconds: .max) == .max)
        #expect(MonotonicClock.after(nil) == .max)
        let start = MonotonicClock.now
        let end = MonotonicClock.after(.milliseconds(1500))
        #expect(end >= start + 1_500_000_000 && end <= MonotonicClock.now + 1_500_000_000)
    }

    @Test func whatHasPassedIsZero() {
        #expect(MonotonicClock.elapsed(from: 7, to: 3) == 0)
        #expect(MonotonicClock.elapsed(from: 3, to: 7) == 4)
        #expect(MonotonicClock.remaining(until: MonotonicClock.now) == 0)
        #expect(MonotonicClock.remaining(until: .max) > 0)
    }

    @Test func pollTimeoutsAreRoundedUp() {
        #expect(MonotonicClock.pollTimeout(until: .max) == -1)
        #expect(MonotonicClock.pollTimeout(until: 0) == 0)
        #expect(MonotonicClock.pollTimeout(until: .max - 1) == .max)
        let timeout = MonotonicClock.pollTimeout(until: MonotonicClock.after(.seconds(3600)))
        #expect((3_599_000...3_600_001).contains(timeout))
    }

    @Test(arguments: [
        (Duration.zero, 0 as UInt64), (.nanoseconds(1), 1), (.milliseconds(20), 20_000_000), (.seconds(-1), 0),
        (.seconds(Int64.max), UInt64(Int64.max)),
    ])
    func nanosecondsOf(duration: Duration, expected: UInt64) {
        #expect(duration.nanoseconds == expected)
    }
}
