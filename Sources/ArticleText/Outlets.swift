/// Names that newspapers and agencies sign their reports with, where nothing but the name tells that it is one.
enum Outlets {
    static func isKnown(_ name: some StringProtocol) -> Bool {
        let folded = name.folded
        if names.contains(folded) { return true }
        // "TTXVN/Vietnam+", "VOV - Trung tâm tin"
        let parts = folded.split { $0 == "/" }
        return parts.count > 1 && parts.contains { names.contains(String($0.trimmed)) }
    }

    private static let names: Set<String> = [
        "ttxvn", "vna", "vietnam+", "vietnamplus", "vov", "vov.vn", "vovnews", "vtv", "vtc", "vtc news", "vtcnews",
        "tto", "tuổi trẻ",
        "tuổi trẻ online", "tpo", "tiền phong", "tiền phong online", "nlđ", "nlđo", "người lao động", "lao động",
        "laođộng", "thanh niên",
        "tno", "thanh niên online", "sggp", "sggpo", "sài gòn giải phóng", "anttđ", "anđt", "antđ", "antd", "cand",
        "cand online",
        "qđnd", "qđnd online", "quân đội nhân dân", "nhân dân", "nd", "ndđt", "nhandan", "hnm", "hnmo", "hànộimới",
        "hà nội mới", "hanoimoi",
        "dân trí", "dantri", "vietnamnet", "vnn", "vnexpress", "vne", "vnmedia", "vneconomy", "cafef", "kênh 14",
        "kenh14", "zing", "zing.vn", "znews",
        "infonet", "ictnews", "ict news", "mic", "chinhphu.vn", "vgp", "vgp news", "baochinhphu.vn", "đcsvn", "cpv",
        "petrotimes",
        "pháp luật", "plo", "pltp", "pl tp.hcm", "đspl", "đời sống & pháp luật", "gđvn", "giáo dục việt nam", "gdvn",
        "gd&tđ", "gdtđ", "ktđt",
        "kinh tế đô thị", "hải quan", "công thương", "đầu tư", "đtck", "ndh", "bnews", "xinhua", "tân hoa xã", "thx",
        "reuters", "afp",
        "ap", "bbc", "cnn", "rfi", "voa", "bloomberg", "kyodo", "yonhap", "itar-tass", "ria novosti", "sputnik", "nhk",
        "dpa", "efe", "upi",
    ]
}
