// SPDX-License-Identifier: Apache-2.0
import Glibc
import TopicModel
import TopicTraining

/// Small models made from a few sentences, in temporary files.
final class Sample {
    let directory: String
    var path: String { "\(directory)/sample.topics" }

    private static let sport = [
        "Đội tuyển bóng đá thắng trận chung kết.", "Cầu thủ ghi bàn thắng ở phút cuối trận đấu.",
        "Huấn luyện viên khen cầu thủ sau trận đấu.", "Vận động viên giành huy chương vàng.",
        "Giải vô địch bóng đá khởi tranh cuối tuần.",
    ]
    private static let business = [
        "Giá vàng tăng mạnh trên thị trường.", "Ngân hàng giảm lãi suất cho doanh nghiệp vay.",
        "Thị trường chứng khoán giảm điểm mạnh.", "Lợi nhuận của doanh nghiệp tăng so với năm ngoái.",
        "Giá xăng dầu tăng, chi phí doanh nghiệp tăng theo.",
    ]

    init(name: String = "sample") throws {
        var template = Array("/tmp/articled-classify-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { throw Failure() }
        directory = made
        try train(name: name)
    }

    struct Failure: Error {}

    /// Replaces the model by another one.
    func train(name: String) throws {
        var options = TrainingOptions()
        options.name = name
        options.fewestArticles = 1
        options.folds = 2
        let texts =
            Self.sport.map { LabelledText(label: "Thể thao", parts: [$0]) }
            + Self.business.map { LabelledText(label: "Kinh doanh", parts: [$0]) }
        try Trainer(options: options).train(texts).write(to: path)
    }

    /// Damages the model.
    func spoil() {
        if let file = unsafe fopen(path, "r+") {
            unsafe _ = fseek(file, 200, SEEK_SET)
            unsafe _ = fputs("damaged", file)
            unsafe fclose(file)
        }
    }

    /// Reads a whole file.
    static func bytes(of path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw Failure() }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        guard (1..<bytes.count).contains(count) else { throw Failure() }
        return Array(bytes[..<count])
    }

    /// Overwrites the same file in place, as `cp` does.
    func overwrite(with bytes: [UInt8]) throws {
        guard let file = unsafe fopen(path, "w") else { throw Failure() }
        defer { unsafe fclose(file) }
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure() }
    }

    deinit {
        unsafe _ = unlink(path)
        unsafe _ = rmdir(directory)
    }
}
