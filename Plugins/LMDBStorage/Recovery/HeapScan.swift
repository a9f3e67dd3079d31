// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol

/// Finds the records of a heap by reading it from start to end, without the index.
struct HeapScan {
    private static let window = 4 << 20
    /// Key and terms of a record are shorter than this.
    private static let maxBeforeContent = 1 << 20

    /// A record that was found.
    struct Found {
        let header: RecordHeader
        let location: HeapLocation
        /// Id, sequence number and offset are valid, but something else before the content is not.
        let isDamaged: Bool
    }

    let file: any DiskFile
    let hash: KeyedHash

    /// Visits the records in the order of their offsets.
    ///
    /// - Parameters:
    ///   - part: where to look; `nil`: everywhere.
    ///   - progress: called with the current offset.
    func forEach(
        in part: Range<Int>? = nil, progress: (Int) -> Void, _ visit: (Found) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        let size = min(try file.size(), part?.upperBound ?? .max)
        var window: [UInt8] = []
        var start = 0
        var offset = part?.lowerBound ?? HeapFile.start
        while size - offset >= RecordHeader.size {
            if offset < start || offset - start > window.count - HeapLocation.unit * 2 {
                (window, start) = (try file.read(min(Self.window, size - offset), at: offset), offset)
                progress(offset)
                if window.count < RecordHeader.size { return }
            }
            if let found = try find(at: offset, &window, &start, size) {
                try visit(found)
                offset += found.isDamaged ? HeapLocation.unit : found.location.extent
            } else {
                offset += HeapLocation.unit
            }
        }
        progress(size)
    }

    private func find(
        at offset: Int, _ window: inout [UInt8], _ start: inout Int, _ size: Int
    ) throws(ServiceError) -> Found? {
        let header = header(window, offset - start)
        guard let header, header.isSealed(hash, at: offset) else { return nil }
        let count = header.recordSize
        let location = HeapLocation(offset: offset, count: min(count, size - offset))
        let damaged = Found(header: header, location: location, isDamaged: true)
        guard count <= size - offset, header.contentOffset <= Self.maxBeforeContent else { return damaged }
        if offset - start + header.contentOffset > window.count {
            (window, start) = (try file.read(min(Self.window, size - offset), at: offset), offset)
            if window.count < header.contentOffset { return damaged }
        }
        let isWhole = unsafe window.lend { bytes in
            let from = offset - start
            let covered = unsafe UnsafeRawBufferPointer(rebasing: bytes[from + 4..<from + header.contentOffset])
            let stored = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: from, as: UInt32.self))
            return unsafe CRC32C.checksum(covered) == stored
        }
        return isWhole ? Found(header: header, location: location, isDamaged: false) : damaged
    }

    private func header(_ window: [UInt8], _ index: Int) -> RecordHeader? {
        guard index >= 0, index + RecordHeader.size <= window.count else { return nil }
        return unsafe window.lend { bytes in
            unsafe RecordHeader(
                decoding: UnsafeRawBufferPointer(rebasing: bytes[index..<index + RecordHeader.size]))
        }
    }
}

/// Records in free space that a recovery has left behind: earlier revisions, deleted articles, and groups that did
/// not reach the disk completely. They are cleared, as a later rebuild of the index would take them for articles.
struct OrphanRecords {
    let environment: LMDBEnvironment

    init(_ environment: LMDBEnvironment) { self.environment = environment }

    /// Clears them.
    func clear(_ progress: StartProgress) throws(ServiceError) {
        let size = try environment.heap.size()
        let free = try unsafe WriteTransaction.run(environment.handle, environment.path) {
            transaction throws(ServiceError) in
            let space = try HeapSpace(transaction, environment.space, environment.path)
            return try space.freeParts(transaction, environment.space) + [space.end..<max(space.end, size)]
        }
        let scan = HeapScan(file: environment.files.heap, hash: environment.hash)
        for part in free {
            try scan.forEach(
                in: part, progress: { progress.report("looking for unfinished writes: byte \($0)") },
                { found throws(ServiceError) in
                    try environment.heap.clear(Extent(offset: found.location.offset, size: found.location.extent))
                })
        }
    }
}
