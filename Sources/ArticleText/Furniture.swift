/// Lines that belong to the page an article was copied from, not to the article: buttons, counters, links to others.
enum Furniture {
    /// Whether the whole line is furniture. Each part of "In | Gửi email | Chia sẻ" has to be.
    static func isFurniture(_ line: String) -> Bool {
        guard line.utf8.count <= 300 else { return false }
        if line.allSatisfy({ !$0.isLetter && !$0.isNumber }) { return true }  // "-----", "***", "./."
        let parts = line.split { "|•·»›>".contains($0) }.map(\.folded).filter { !$0.isEmpty }
        return !parts.isEmpty && parts.allSatisfy(isPart)
    }

    /// "Trang chủ > Tin tức > Bưu chính": where the page stood.
    static func isBreadcrumb(_ line: String) -> Bool {
        guard line.utf8.count <= 300 else { return false }
        let parts = line.split { ">»›|/".contains($0) }.map(\.folded)
        return parts.count > 1 && ["trang chủ", "home", "trang nhất"].contains(parts[0]) || line.folded == "trang chủ"
    }

    /// The heading of a list of other articles: what follows to the end is furniture if it reads like headlines.
    static func beginsOtherArticles(_ line: String) -> Bool {
        guard line.utf8.count <= 120 else { return false }
        var folded = line.folded
        while let last = folded.last, ":.>».…".contains(last) || last.isWhitespace { folded.removeLast() }
        return otherArticles.contains(folded)
    }

    private static func isPart(_ folded: String) -> Bool {
        let words = folded.filter { $0.isLetter || $0 == " " || $0 == "/" }.folded
        if exact.contains(words) { return true }
        // "Bình luận (3)", "Lượt xem: 1.204", "Chia sẻ 12"
        return counters.contains(words) && folded.contains(where: \.isNumber)
    }

    private static let exact: Set<String> = [
        "chia sẻ", "chia sẻ bài viết", "chia sẻ bài viết này", "chia sẻ facebook", "chia sẻ lên facebook",
        "chia sẻ qua email", "share", "share this",
        "tweet", "like", "thích", "facebook", "twitter", "zalo", "google", "linkedin", "email", "print", "in", "in bài",
        "in bài viết", "in bài này",
        "in tin", "in trang", "in trang này", "bản in", "bản để in", "gửi email", "gửi mail", "gửi cho bạn bè",
        "gửi bài viết", "gửi tin này", "gửi bài",
        "gửi bài viết qua email", "lưu bài", "lưu bài viết", "lưu tin", "quay lại", "trở lại", "trở về",
        "về trang trước", "về đầu trang", "lên đầu trang",
        "đầu trang", "trang chủ", "cỡ chữ", "tăng cỡ chữ", "giảm cỡ chữ", "bình luận", "ý kiến bạn đọc",
        "ý kiến của bạn", "gửi bình luận",
        "gửi ý kiến", "gửi phản hồi", "phản hồi", "viết bình luận", "thảo luận", "comments", "comment", "xem thêm",
        "đọc thêm", "nghe bài viết",
        "đánh giá", "đánh giá bài viết", "bình chọn", "báo lỗi", "góp ý", "theo dõi chúng tôi", "copy link",
        "sao chép liên kết", "download", "tải về",
    ]

    private static let counters: Set<String> = exact.union([
        "lượt xem", "số lượt xem", "lượt đọc", "số lượt đọc", "số lần xem", "lần xem", "lượt truy cập", "đã xem",
        "người xem", "views",
        "view", "lượt thích", "lượt chia sẻ", "bình luận", "lượt bình luận", "ý kiến", "phản hồi", "comments", "likes",
        "shares",
    ])

    private static let otherArticles: Set<String> = [
        "tin liên quan", "các tin liên quan", "bài liên quan", "bài viết liên quan", "các bài liên quan", "tin khác",
        "các tin khác", "tin tức khác",
        "các tin đã đưa", "tin đã đưa", "tin cũ hơn", "các tin cũ hơn", "tin mới hơn", "các tin mới hơn", "tin mới",
        "bài viết khác",
        "các bài khác", "các bài viết khác", "tin cùng chuyên mục", "cùng chuyên mục", "tin bài khác",
        "tin, bài liên quan", "xem tiếp", "đọc tiếp",
        "có thể bạn quan tâm", "tin nổi bật", "đọc nhiều nhất", "related articles",
    ]

    /// "Từ khóa: Cần Thơ, bưu chính", "Tags: ..."
    static func isTagList(_ line: String) -> Bool {
        guard line.utf8.count <= 500, let colon = line.firstIndex(of: ":") else { return false }
        return ["từ khóa", "từ khoá", "tag", "tags", "chủ đề", "keywords"].contains(line[..<colon].folded)
    }
}
