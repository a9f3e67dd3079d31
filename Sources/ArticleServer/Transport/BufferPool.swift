/// Blocks of memory that the connections of one loop use in turn.
///
/// The last one given back is the first one given out, so the connections of a turn write through memory that is in
/// the processor's cache, and a connection that is idle holds none. Used by the loop's thread alone.
@safe final class BufferPool {
    /// Bytes of a block.
    static let blockSize = 256 * 1024
    private static let most = 32

    private var spare: [UnsafeMutableRawPointer] = unsafe []
    /// Where every read of the loop goes first.
    let reading: UnsafeMutableRawPointer

    init() {
        unsafe reading = .allocate(byteCount: Self.blockSize, alignment: 64)
        unsafe spare.reserveCapacity(Self.most)
    }

    deinit {
        unsafe reading.deallocate()
        while let block = unsafe spare.popLast() { unsafe block.deallocate() }
    }

    func take() -> UnsafeMutableRawPointer {
        if let block = unsafe spare.popLast() { return unsafe block }
        return .allocate(byteCount: Self.blockSize, alignment: 64)
    }

    func give(_ block: UnsafeMutableRawPointer) {
        if unsafe spare.count < Self.most { unsafe spare.append(block) } else { unsafe block.deallocate() }
    }
}
