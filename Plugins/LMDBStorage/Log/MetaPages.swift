internal import ArticleProtocol

/// Both heads of the database as they were at a checkpoint: written back, they make LMDB forget what came after it.
struct MetaPages: Equatable, Sendable {
    static let size = 2 * MetaPage.size

    /// One behind the other.
    let bytes: [UInt8]

    /// As they lie in a file now; shorter than ``size`` if the file is.
    init(path: String, pageSize: Int) throws(ServiceError) {
        var bytes: [UInt8] = []
        for page in 0..<2 { bytes += try FilePart.read(path, MetaPage.size, at: page * pageSize) ?? [] }
        self.bytes = bytes
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var checksum: UInt32 { CRC32C.checksum(bytes) }

    /// The heads, checked.
    func pages(_ path: String) throws(ServiceError) -> (MetaPage, MetaPage) {
        (
            try MetaPage(bytes.prefix(MetaPage.size), path),
            try MetaPage(bytes.dropFirst(MetaPage.size).prefix(MetaPage.size), path)
        )
    }

    /// Writes them back. Nobody has the file open.
    func restore(to file: any DiskFile, pageSize: Int) throws(ServiceError) {
        for page in 0..<2 {
            try file.write(Array(bytes[page * MetaPage.size..<(page + 1) * MetaPage.size]), at: page * pageSize)
        }
    }
}
