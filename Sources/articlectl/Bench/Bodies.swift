import Glibc

/// The texts that are stored and fetched: from a file, or made up. They live until the program ends.
/// @unchecked: the memory is written before the value exists, and never after.
@safe struct Bodies: @unchecked Sendable {
    private let text: UnsafeRawPointer
    /// Where each begins, and one more: where the last ends.
    private let bounds: UnsafeBufferPointer<UInt64>
    let largest: Int
    /// Tells one set of bodies from another: part of the articles' ids.
    let fingerprint: UInt64

    var count: Int { unsafe bounds.count - 1 }

    @inline(__always)
    func size(_ number: Int) -> Int { unsafe Int(bounds[number + 1] - bounds[number]) }

    @inline(__always)
    subscript(number: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: text + Int(bounds[number]), count: size(number))
    }

    /// Maps a file of texts one behind the other, and its index: little-endian 64-bit offsets, one more than texts.
    init(values: String, index: String, most: Int) throws(CommandFailure) {
        let text = try unsafe Self.map(values)
        let offsets = try unsafe Self.map(index)
        let bounds = unsafe offsets.bindMemory(to: UInt64.self)
        guard offsets.count % 8 == 0, bounds.count > 1, unsafe bounds[0] == 0 else {
            throw .noInput("\(index) is no index: it should be 64-bit offsets, the first of them 0")
        }
        var largest: UInt64 = 0
        for number in 1..<(bounds.count) {
            guard unsafe bounds[number] >= bounds[number - 1], unsafe bounds[number] <= UInt64(text.count) else {
                throw .noInput("\(index) does not belong to \(values): offset \(number) leads out of it")
            }
            unsafe largest = max(largest, bounds[number] - bounds[number - 1])
        }
        unsafe self.text = UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        unsafe self.bounds = UnsafeBufferPointer(rebasing: bounds.prefix(min(most, bounds.count - 1) + 1))
        self.largest = Int(largest)
        fingerprint = UInt64(text.count) &* 0x9e37_79b9_7f4a_7c15
    }

    /// Makes `count` texts of about `size` bytes each: Vietnamese in words and letters, if not in sense. The same each time.
    init(count: Int, size: Int) {
        var random = RandomSequence(seed: UInt64(size) &* 0x9e37_79b9_7f4a_7c15)
        let text = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count * size), alignment: 64)
        let bounds = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: count + 1)
        for number in 0...count { unsafe bounds.initializeElement(at: number, to: UInt64(number * size)) }
        for number in 0..<count {
            let one = unsafe UnsafeMutableRawBufferPointer(rebasing: text[number * size..<(number + 1) * size])
            unsafe VietnameseText.fill(one, &random)
        }
        unsafe self.text = UnsafeRawPointer(text.baseAddress.unsafelyUnwrapped)
        unsafe self.bounds = UnsafeBufferPointer(bounds)
        largest = size
        fingerprint = UInt64(size)
    }

    private static func map(_ path: String) throws(CommandFailure) -> UnsafeRawBufferPointer {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .noInput("\(path) cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size > 0 else { throw .noInput("\(path) is empty") }
        let size = Int(status.st_size)
        let start = unsafe mmap(nil, size, PROT_READ, MAP_SHARED | Int32(MAP_POPULATE), descriptor, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else {
            throw .noInput("\(path) cannot be mapped: \(unsafe String(cString: strerror(errno)))")
        }
        return unsafe UnsafeRawBufferPointer(start: start, count: size)
    }
}
