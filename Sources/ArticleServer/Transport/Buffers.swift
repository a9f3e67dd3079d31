// SPDX-License-Identifier: Apache-2.0
internal import LinuxRuntime
internal import TLSTransport

/// Blocks of memory that the connections of one loop share.
///
/// The block that was returned last is given out first, so the connections of a turn write through memory that is in
/// the processor's cache. An idle connection holds no block. For the loop's thread only.
@safe final class BufferPool {
    /// Bytes of a block.
    static let blockSize = 256 * 1024
    /// Bytes of a read-ahead: enough for nearly any article. A longer one costs another read and a copy.
    static let aheadSize = 16 * 1024
    /// How many connections are read ahead at a time: so few that their bytes stay in the processor's cache.
    static let aheadCount = 16
    private static let maxSpare = 32

    private var spare: [UnsafeMutableRawPointer] = unsafe []
    /// The memory that every read of the loop goes to first.
    let reading: UnsafeMutableRawPointer
    private let ahead: UnsafeMutableRawPointer

    init() {
        unsafe reading = .allocate(byteCount: Self.blockSize, alignment: 64)
        unsafe ahead = .allocate(byteCount: Self.aheadSize * Self.aheadCount, alignment: 64)
        unsafe spare.reserveCapacity(Self.maxSpare)
    }

    deinit {
        unsafe reading.deallocate()
        unsafe ahead.deallocate()
        while let block = unsafe spare.popLast() { unsafe block.deallocate() }
    }

    /// The memory for one of the read-aheads.
    func ahead(_ slot: Int) -> UnsafeMutableRawPointer {
        precondition(slot >= 0 && slot < Self.aheadCount)
        return unsafe ahead + slot * Self.aheadSize
    }

    func take() -> UnsafeMutableRawPointer {
        if let block = unsafe spare.popLast() { return unsafe block }
        return .allocate(byteCount: Self.blockSize, alignment: 64)
    }

    /// Frees the spare blocks.
    func shrink() {
        while let block = unsafe spare.popLast() { unsafe block.deallocate() }
    }

    func give(_ block: UnsafeMutableRawPointer) {
        if unsafe spare.count < Self.maxSpare { unsafe spare.append(block) } else { unsafe block.deallocate() }
    }
}

/// Bytes from a peer that are not processed yet: the beginning of a frame, or whole frames that wait because the peer
/// does not read.
///
/// Memory is reserved for bytes that have come, never for what a header announces.
@safe final class IncomingBuffer {
    private var base: UnsafeMutableRawPointer?
    /// Bytes of memory that the buffer holds.
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

    /// Room for at least `size` more bytes behind the others. Call `extend` with the number that were put there.
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

/// The bytes that a connection still has to write, in one piece, so that a turn's responses leave in one call.
///
/// While it is not empty it holds one of the loop's blocks, or larger memory of its own if a block is too small. It
/// sets no limit: `ClientConnection` stops reading from a peer that does not read. Not final, so that a test can let
/// its peer read between two writes of one turn.
@safe class OutgoingBuffer {
    private let pool: BufferPool
    /// The account that pays for the buffer's own memory. The connection counts a block of the loop's.
    final var account: PeerAccount?
    /// Encrypts what is written; nil for a plain connection.
    final var tls: TLSSession?
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    init(pool: BufferPool) { self.pool = pool }

    deinit { release() }

    /// Bytes not yet written.
    final var count: Int { end - start }
    final var isEmpty: Bool { start == end }

    /// The bytes in a block of the loop's; 0 if the buffer has memory of its own.
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

    /// Adds `size` bytes behind the others and returns their address. The caller fills all of them.
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
        // Cannot overflow: a message is smaller than the frame limit, and the buffer is bounded.
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
            let transfer =
                if let tls {
                    unsafe tls.send(from: base + start, count: end - start)
                } else {
                    unsafe StreamSocket.send(descriptor, from: base + start, count: end - start)
                }
            switch transfer {
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

    /// Discards the bytes and returns the memory.
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
