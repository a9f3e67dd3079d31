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
