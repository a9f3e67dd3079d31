internal import CPluginABI

/// Messages as the boundary takes them: parts that the host copies behind each other.
enum Parts {
    /// Calls `body` with the parts that are not empty, in the C form, on the stack.
    static func with<Result>(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, _ checksum: UInt32?,
        _ body: (UnsafePointer<articled_bytes>, Int, UnsafePointer<UInt32>?) -> Result
    ) -> Result {
        unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                unsafe third.withUnsafeBytes { third in
                    unsafe fourth.withUnsafeBytes { fourth in
                        unsafe withUnsafeTemporaryAllocation(of: articled_bytes.self, capacity: 4) { parts in
                            var count = 0
                            unsafe append(first, to: parts, &count)
                            unsafe append(second, to: parts, &count)
                            unsafe append(third, to: parts, &count)
                            unsafe append(fourth, to: parts, &count)
                            let base = unsafe UnsafePointer(parts.baseAddress!)
                            guard var checksum else { return unsafe body(base, count, nil) }
                            return unsafe body(base, count, &checksum)
                        }
                    }
                }
            }
        }
    }

    private static func append(
        _ part: UnsafeRawBufferPointer, to parts: UnsafeMutableBufferPointer<articled_bytes>, _ count: inout Int
    ) {
        guard unsafe !part.isEmpty else { return }
        unsafe parts.initializeElement(at: count, to: articled_bytes(part))
        count += 1
    }
}
