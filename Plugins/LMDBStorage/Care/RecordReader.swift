internal import ArticleProtocol
internal import Glibc

/// Reads records whole, with read(2): where a disk fails, that is an error, and the map would end the process.
///
/// One thread's. The memory is as large as the largest record.
final class RecordReader {
    /// Why a record cannot be had.
    enum Fault: Error {
        /// The table of records has no place for it.
        case place
        /// It is not what its checksums say.
        case header
        case content
        /// The disk answered with this `errno`.
        case disk(Int32)

        var problem: String {
            switch self {
            case .place: "it is said to lie where no record can be"
            case .header: "its header, key or terms are not what their checksum says"
            case .content: "its content is not what its checksum says"
            case .disk(let code): "the disk does not give it back: \(unsafe String(cString: strerror(code)))"
            }
        }
    }

    /// Enough for most records.
    private static let step = 16 << 10

    private let environment: Environment
    private let descriptor: Int32
    private var bytes: [UInt8]

    init(_ environment: Environment) throws(ServiceError) {
        self.environment = environment
        let path = environment.heap.path
        // Of its own: what is said of its reads ahead is not said of the service's.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)") }
        bytes = [UInt8](repeating: 0, count: Self.step)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    /// Lends the record that a value in the table of records stands for, with all its bytes, after all its checksums were compared.
    func read<Value>(
        _ id: ArticleID, _ value: UnsafeRawBufferPointer,
        _ body: (RecordView, UnsafeRawBufferPointer) throws(ServiceError) -> Value
    ) throws(ServiceError) -> Result<Value, Fault> {
        guard let location = unsafe HeapLocation(value), location.offset >= HeapFile.start,
            location.count >= RecordHeader.size
        else { return .failure(.place) }
        if let fault = fill(location) { return .failure(fault) }
        return try unsafe bytes.lend { bytes throws(ServiceError) in
            unsafe try check(id, UnsafeRawBufferPointer(rebasing: bytes[..<location.count]), body)
        }
    }

    private func check<Value>(
        _ id: ArticleID, _ record: UnsafeRawBufferPointer,
        _ body: (RecordView, UnsafeRawBufferPointer) throws(ServiceError) -> Value
    ) throws(ServiceError) -> Result<Value, Fault> {
        let view: RecordView
        do throws(ServiceError) {
            view = try unsafe RecordView(id, record: record, in: environment)
        } catch {
            return .failure(.header)
        }
        guard unsafe CRC32C.checksum(view.content) == view.header.contentChecksum else { return .failure(.content) }
        return .success(try unsafe body(view, record))
    }

    /// Reads the record. A size that the header does not confirm takes no memory.
    private func fill(_ location: HeapLocation) -> Fault? {
        let first = min(location.count, Self.step)
        if let fault = read(0..<first, at: location.offset) { return fault }
        guard location.count > first else { return nil }
        let size = unsafe bytes.lend { bytes in
            unsafe RecordHeader(decoding: bytes)?.recordSize
        }
        guard let size, size == location.count else { return .header }
        if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
        return read(first..<size, at: location.offset + first)
    }

    private func read(_ range: Range<Int>, at offset: Int) -> Fault? {
        var done = range.lowerBound
        while done < range.upperBound {
            let count = unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe pread(
                    descriptor, bytes.baseAddress.unsafelyUnwrapped + done, range.upperBound - done,
                    off_t(offset + done - range.lowerBound))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .disk(errno) }
            if count == 0 { return .place }
            done += count
        }
        return nil
    }
}
