internal import ArticleProtocol
internal import Glibc

/// Both heads of the database as they were at a checkpoint: written back, they make LMDB forget what came after it.
struct MetaPages: Equatable, Sendable {
    static let size = 2 * MetaPage.size

    /// One behind the other.
    let bytes: [UInt8]

    /// As they lie in a file now; shorter than ``size`` if the file is.
    init(_ descriptor: Int32, pageSize: Int, _ path: String) throws(ServiceError) {
        var bytes: [UInt8] = []
        for page in 0..<2 {
            var head = [UInt8](repeating: 0, count: MetaPage.size)
            let count = unsafe pread(descriptor, &head, MetaPage.size, off_t(page * pageSize))
            guard count >= 0 else { throw .system("cannot read \(path)") }
            bytes += head.prefix(count)
        }
        self.bytes = bytes
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The heads, checked.
    func pages(_ path: String) throws(ServiceError) -> (MetaPage, MetaPage) {
        (
            try MetaPage(bytes.prefix(MetaPage.size), path),
            try MetaPage(bytes.dropFirst(MetaPage.size).prefix(MetaPage.size), path)
        )
    }

    /// Writes them back. Nobody has the file open.
    func restore(to descriptor: Int32, pageSize: Int, _ path: String) throws(ServiceError) {
        for page in 0..<2 {
            let head = Array(bytes[page * MetaPage.size..<(page + 1) * MetaPage.size])
            guard unsafe pwrite(descriptor, head, head.count, off_t(page * pageSize)) == head.count else {
                throw .system("cannot write \(path)")
            }
        }
    }
}
