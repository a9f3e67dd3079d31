internal import CLMDB

extension MDB_val {
    /// Bytes for LMDB, which does not write through the pointer.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    /// Bytes of LMDB's.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: mv_data, count: Int(clamping: mv_size)) }
}
