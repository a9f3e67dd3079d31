// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
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

/// Bodies as articles, each made when it is asked for. Ctrl-C ends them.
struct BodyArticles: AsyncSequence, Sendable {
    typealias Element = Article
    typealias Failure = Never

    let bodies: Bodies
    let numbers: [Int]

    func makeAsyncIterator() -> Iterator { Iterator(bodies: bodies, numbers: numbers[...]) }

    struct Iterator: AsyncIteratorProtocol {
        let bodies: Bodies
        var numbers: ArraySlice<Int>

        mutating func next() async -> Article? {
            guard !Signals.isInterrupted, let number = numbers.popFirst() else { return nil }
            let body = unsafe String(decoding: bodies[number], as: UTF8.self)
            return Article(id: ArticleID(bench: number, of: bodies), body: body)
        }
    }
}

/// Text that looks like Vietnamese news to a byte counter and a compressor: real words in real spelling, at random.
enum VietnameseText {
    /// Fills all of `target`; a character that would be cut at its end is replaced by spaces.
    static func fill(_ target: UnsafeMutableRawBufferPointer, _ random: inout RandomSequence) {
        var position = 0
        var inSentence = 0
        while position < target.count {
            let word = words[random.next(below: words.count)]
            guard position + word.count + 2 <= target.count else { break }
            for byte in word {
                unsafe target[position] = byte
                position += 1
            }
            inSentence += 1
            if inSentence > 8, random.next(below: 8) == 0 {
                unsafe target[position] = UInt8(ascii: ".")
                position += 1
                inSentence = 0
            }
            unsafe target[position] = inSentence == 0 && random.next(below: 5) == 0 ? 10 : 32
            position += 1
        }
        while position < target.count {
            unsafe target[position] = 32
            position += 1
        }
    }

    private static let words: [[UInt8]] = """
        và của là có trong được cho một các những người với không này đã khi để ra năm về từ cũng đến nhiều theo sẽ vào \
        như tại thì trên phải ông bị nước nhà làm việc ngày còn đó sau đang chỉ lại nhưng hay rất trước mới hơn qua \
        nam chính phủ thành phố hà nội công ty thông tin kinh tế phát triển xã hội doanh nghiệp hoạt động quốc gia \
        nghiên cứu khoa học giáo dục sức khỏe bệnh viện bác sĩ học sinh trường đại học bộ trưởng giám đốc thị trường \
        đầu tư ngân hàng tỷ đồng triệu giá tăng giảm xuất khẩu sản phẩm chất lượng dịch vụ khách hàng công nghệ \
        máy tính mạng điện thoại phần mềm người dùng bóng đá đội tuyển trận đấu huấn luyện viên cầu thủ giải \
        pháp luật công an điều tra vụ án tòa án bị cáo tội phạm văn hóa nghệ thuật âm nhạc phim ca sĩ đạo diễn \
        khán giả thế giới nước mỹ tổng thống chiến tranh liên hợp quốc châu âu trung quốc nhật bản gia đình phụ nữ \
        trẻ em đời sống môi trường thời tiết mưa bão giao thông tai nạn đường xe máy ô tô quản lý nhà nước nhân dân \
        đại biểu quốc hội nghị quyết chương trình kế hoạch dự án xây dựng nông thôn nông dân lúa gạo thủy sản \
        Việt Nam Hà Nội TP.HCM Đà Nẵng Cần Thơ Hải Phòng Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Đặng Bùi
        """.split(separator: " ").map { Array($0.utf8) }
}

/// Cheap random numbers (xorshift64): what is drawn must cost less than what is measured.
struct RandomSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    @inline(__always)
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Below `bound`.
    @inline(__always)
    mutating func next(below bound: Int) -> Int { Int((next() >> 20) % UInt64(bound)) }
}
