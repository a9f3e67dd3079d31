// SPDX-License-Identifier: Apache-2.0
import TopicModel
import TopicTraining

/// Our own sentences on three topics: enough to learn from in a moment.
enum Sample {
    static let sport = [
        "Đội tuyển bóng đá Việt Nam thắng Thái Lan trong trận chung kết tối qua.",
        "Huấn luyện viên hài lòng với các cầu thủ sau trận đấu trên sân khách.",
        "Cầu thủ ghi bàn thắng quyết định ở phút cuối của trận đấu.",
        "Giải vô địch bóng đá quốc gia khởi tranh vào cuối tuần này.",
        "Vận động viên bơi lội giành huy chương vàng tại đại hội thể thao.",
        "Trọng tài rút thẻ đỏ, đội chủ nhà chỉ còn mười cầu thủ trên sân.",
        "Câu lạc bộ ký hợp đồng với huấn luyện viên mới cho mùa giải tới.",
        "Tay vợt số một vào chung kết giải quần vợt sau trận đấu năm ván.",
        "Đội bóng chuyền nữ giành huy chương bạc, huấn luyện viên vẫn tiếc.",
        "Khán giả hoà giọng cổ vũ đội tuyển, bàn thắng đến ở phút bù giờ.",
    ]
    static let business = [
        "Giá vàng trong nước tăng mạnh theo giá vàng thế giới.",
        "Ngân hàng nhà nước giảm lãi suất, doanh nghiệp dễ vay vốn hơn.",
        "Thị trường chứng khoán giảm điểm, cổ phiếu ngân hàng bị bán mạnh.",
        "Doanh nghiệp xuất khẩu gạo ký hợp đồng lớn với đối tác nước ngoài.",
        "Lợi nhuận của công ty tăng hai mươi phần trăm so với năm ngoái.",
        "Cổ phiếu của công ty bất động sản tăng trần trên thị trường chứng khoán.",
        "Ngân hàng phát hành trái phiếu để tăng vốn cho doanh nghiệp vay.",
        "Giá xăng dầu tăng khiến chi phí của doanh nghiệp vận tải tăng theo.",
        "Kim ngạch xuất khẩu thủy sản của các công ty vượt kế hoạch năm.",
        "Lãi suất tiền gửi giảm, nhà đầu tư chuyển sang mua cổ phiếu và vàng.",
    ]
    static let health = [
        "Bác sĩ khuyên bệnh nhân tiểu đường ăn ít đường và tập đi bộ.",
        "Bệnh viện tiếp nhận nhiều bệnh nhân sốt xuất huyết trong tuần qua.",
        "Vắc xin mới giúp phòng bệnh cúm cho trẻ em và người già.",
        "Các bác sĩ phẫu thuật thành công cho bệnh nhân bị bệnh tim.",
        "Ăn nhiều rau xanh giúp cơ thể khỏe và giảm nguy cơ bệnh tim mạch.",
        "Bệnh nhân được bác sĩ điều trị bằng thuốc kháng sinh trong một tuần.",
        "Trẻ em cần tiêm vắc xin phòng bệnh đúng lịch tại bệnh viện.",
        "Thuốc mới giúp điều trị bệnh ung thư, bác sĩ bệnh viện cho biết.",
        "Sốt cao kéo dài là dấu hiệu của bệnh, cần đến bác sĩ khám ngay.",
        "Người bệnh huyết áp cao nên uống thuốc đều theo lời bác sĩ.",
    ]

    static var texts: [LabelledText] {
        [("Thể thao", sport), ("Kinh doanh", business), ("Sức khỏe", health)].flatMap { label, sentences in
            sentences.map { LabelledText(label: label, parts: [$0]) }
        }
    }

    static var options: TrainingOptions {
        var options = TrainingOptions()
        options.name = "sample"
        options.fewestArticles = 1
        options.folds = 2
        options.threshold = 0.4
        return options
    }

    /// A model of the sample, in a directory of its own.
    static func model(in directory: borrowing TemporaryDirectory) throws -> TopicModel {
        let path = "\(directory.path)/sample.topics"
        try Trainer(options: options).train(texts).write(to: path)
        return try TopicModel(path: path)
    }

    static func verdict(_ model: TopicModel, _ parts: String..., explain: Bool = false) -> Verdict {
        var scorer = TopicScorer(model: model)
        scorer.begin()
        for part in parts { scorer.read(part) }
        return scorer.finish(explaining: explain ? parts : [])
    }

    static func slug(_ model: TopicModel, _ verdict: Verdict) -> String { model.topics[verdict.best].slug }
}
