/// Blocks of memory that the connections of one loop use in turn.
///
/// The last one given back is the first one given out, so the connections of a turn write through memory that is in
/// the processor's cache, and a connection that is idle holds none. Used by the loop's thread alone.
@safe final class BufferPool {
    /// Bytes of a block.
    static let blockSize = 256 * 1024
    /// Bytes of a read that is made before its connection is served: enough for nearly any article, as one that is longer costs
    /// another read, and copies.
    static let aheadSize = 16 * 1024
    /// How many such reads are made at a time: what they brought stays in the processor's cache meanwhile.
    static let aheadCount = 16
    private static let most = 32

    private var spare: [UnsafeMutableRawPointer] = unsafe []
    /// Where every read of the loop goes first.
    let reading: UnsafeMutableRawPointer
    private let ahead: UnsafeMutableRawPointer

    init() {
        unsafe reading = .allocate(byteCount: Self.blockSize, alignment: 64)
        unsafe ahead = .allocate(byteCount: Self.aheadSize * Self.aheadCount, alignment: 64)
        unsafe spare.reserveCapacity(Self.most)
    }

    deinit {
        unsafe reading.deallocate()
        unsafe ahead.deallocate()
        while let block = unsafe spare.popLast() { unsafe block.deallocate() }
    }

    /// Where one of the reads goes that are made ahead.
    func ahead(_ slot: Int) -> UnsafeMutableRawPointer {
        precondition(slot >= 0 && slot < Self.aheadCount)
        return unsafe ahead + slot * Self.aheadSize
    }

    func take() -> UnsafeMutableRawPointer {
        if let block = unsafe spare.popLast() { return unsafe block }
        return .allocate(byteCount: Self.blockSize, alignment: 64)
    }

    /// Frees the blocks that are spare.
    func shrink() {
        while let block = unsafe spare.popLast() { unsafe block.deallocate() }
    }

    func give(_ block: UnsafeMutableRawPointer) {
        if unsafe spare.count < Self.most { unsafe spare.append(block) } else { unsafe block.deallocate() }
    }
}
