internal import LinuxRuntime

/// The bytes that a connection has still to write, in one piece, so that a turn's responses leave in one call.
///
/// It borrows a block of the loop's while there is something in it, and a larger one of its own if that is not enough.
/// How much may gather is not its concern: `Connection` stops reading from a peer that does not read. Not final, so that
/// a test can let its peer read between two writes of one turn.
@safe class OutgoingBuffer {
    private let pool: BufferPool
    /// Whose share the buffer's own memory counts against; a block of the loop's is the connection's to count.
    final var account: PeerAccount?
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    init(pool: BufferPool) { self.pool = pool }

    deinit { release() }

    /// Bytes not yet written.
    final var count: Int { end - start }
    final var isEmpty: Bool { start == end }

    /// Bytes that a block of the loop's holds; none if the buffer has memory of its own.
    final var countInBlock: Int { capacity == BufferPool.blockSize ? count : 0 }

    /// The bytes, valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        guard let base = unsafe base else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        unsafe extend(by: bytes.count).copyMemory(from: source, byteCount: bytes.count)
    }

    /// Makes room for `size` bytes behind the others and tells where. The caller fills all of them.
    @inline(__always)
    final func extend(by size: Int) -> UnsafeMutableRawPointer {
        if let base = unsafe base, capacity - end >= size {
            defer { end += size }
            return unsafe base + end
        }
        return unsafe grow(by: size)
    }

    @inline(never)
    private func grow(by size: Int) -> UnsafeMutableRawPointer {
        let used = end - start
        // Cannot overflow: a message is below the frame limit, and what gathers is bounded.
        let needed = used + size
        if unsafe base == nil, needed <= BufferPool.blockSize {
            unsafe base = pool.take()
            capacity = BufferPool.blockSize
        } else if let old = unsafe base, needed <= capacity {
            unsafe old.copyMemory(from: old + start, byteCount: used)
        } else {
            let larger = max(needed, capacity * 2)
            let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
            if let old = unsafe base { unsafe new.copyMemory(from: old + start, byteCount: used) }
            release()
            unsafe base = new
            capacity = larger
            account?.buffer(larger)
        }
        start = 0
        end = used + size
        return unsafe base.unsafelyUnwrapped + used
    }

    /// Writes as much as the socket takes.
    ///
    /// - Returns: bytes written, or nil if the connection is broken.
    func write(to descriptor: Int32) -> Int? {
        var written = 0
        while let base = unsafe base, start < end {
            switch unsafe StreamSocket.send(descriptor, from: base + start, count: end - start) {
            case .bytes(let count):
                start += count
                written += count
            case .wouldBlock: return written
            case .ended, .failed: return nil
            }
        }
        release()
        return written
    }

    /// Throws away what is in it, and gives back the memory.
    final func release() {
        if let base = unsafe base {
            if capacity == BufferPool.blockSize {
                unsafe pool.give(base)
            } else {
                unsafe base.deallocate()
                account?.buffer(-capacity)
            }
        }
        unsafe base = nil
        capacity = 0
        start = 0
        end = 0
    }
}
