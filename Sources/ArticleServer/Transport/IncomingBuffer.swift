/// What has been read of a peer's bytes and not been understood yet: the beginning of a frame, or whole frames that
/// must wait because the peer does not read.
///
/// Memory is reserved for what has come, never for what a header announces.
@safe final class IncomingBuffer {
    private var base: UnsafeMutableRawPointer?
    /// Bytes of memory that it holds.
    private(set) var capacity = 0
    private var start = 0
    private var end = 0

    deinit { release() }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The bytes, valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        guard let base = unsafe base else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Room for at least `size` more bytes behind the others; `extend` says how many were put there.
    func room(for size: Int) -> UnsafeMutableRawPointer {
        let used = end - start
        if let base = unsafe base, capacity - end >= size { return unsafe base + end }
        if let base = unsafe base, capacity - used >= size {
            unsafe base.copyMemory(from: base + start, byteCount: used)
        } else {
            let larger = max(used + size, min(capacity * 2, capacity + (4 << 20)), 1024)
            let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            if let old = unsafe base {
                unsafe new.copyMemory(from: old + start, byteCount: used)
                unsafe old.deallocate()
            }
            unsafe base = new
            capacity = larger
        }
        start = 0
        end = used
        return unsafe base.unsafelyUnwrapped + used
    }

    func extend(by size: Int) { end += size }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        unsafe room(for: bytes.count).copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    func drop(_ size: Int) {
        start += size
        if start == end { release() }
    }

    func release() {
        unsafe base?.deallocate()
        unsafe base = nil
        capacity = 0
        start = 0
        end = 0
    }
}
