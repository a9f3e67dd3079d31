// SPDX-License-Identifier: Apache-2.0

import ArticleProtocol
import CLinux

/// The ids of the articles that a run stores: ascending, as those of any writer, and all known by their count. Used by one
/// thread at a time.
final class StoreSequence {
    private let start: UInt64
    private let low: UInt64
    private(set) var count = 0

    init() {
        start = UInt64(max(0, clinux_wall_clock_ms())) << 12
        low = 2 << 62 | UInt64.random(in: 0...UInt64.max) >> 2
    }

    @inline(__always)
    func next() -> ArticleID {
        count += 1
        return self[count - 1]
    }

    /// The id of an article by its number, from 0. A UUIDv7 of the time in milliseconds, twelve bits that go on counting, and
    /// what tells this run from any other.
    subscript(number: Int) -> ArticleID {
        let stamp = start + UInt64(number)
        return ArticleID(high: (stamp >> 12) << 16 | 7 << 12 | stamp & 0xfff, low: low)
    }
}
