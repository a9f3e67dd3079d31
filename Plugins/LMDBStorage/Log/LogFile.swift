internal import ArticleProtocol
internal import Glibc

/// One of the two files of the redo log.
protocol LogFile: AnyObject, Sendable {
    var path: String { get }

    /// How many bytes it has; all of them were written before.
    func size() throws(ServiceError) -> Int

    /// Reads bytes; fewer at the end.
    func read(_ count: Int, at offset: Int) throws(ServiceError) -> [UInt8]

    /// Writes parts of memory behind each other. All of it, or an error.
    func write(_ parts: [iovec], at offset: Int) throws(ServiceError)

    /// Has the disk begin with what was written at an offset: ``sync()`` has less to wait for then. An error is as final as that
    /// of a sync, which may not tell it again.
    func startWriting(_ count: Int, at offset: Int) throws(ServiceError)

    /// Brings to disk what was written before. An error is final: what was not brought to disk cannot be told.
    func sync() throws(ServiceError)

    /// Gives space back.
    func shrink(to size: Int)
}

extension LogFile {
    /// The same for an array.
    func write(_ bytes: [UInt8], at offset: Int) throws(ServiceError) {
        try unsafe bytes.lend { bytes throws(ServiceError) in
            let part = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            try unsafe write([part], at: offset)
        }
    }
}
