extension RawSpan {
    /// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): nothing overlong, no surrogate, nothing cut off.
    ///
    /// A state machine without branches, so that its speed does not depend on the text: Vietnamese changes between one,
    /// two and three bytes a letter all the time, which costs a validator that branches five times as much. It is on the
    /// way of every article that is stored.
    var isUTF8: Bool {
        unsafe UTF8Machine.steps.withUnsafeBufferPointer { steps in
            unsafe withUnsafeBytes { bytes in
                // Only the six lowest bits of the state say which it is.
                var state = UTF8Machine.complete
                for index in 0..<bytes.count { state = unsafe steps[Int(bytes[index])] &>> (state & 63) }
                return state & 63 == UTF8Machine.complete
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
