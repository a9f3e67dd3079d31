import ArticleProtocol
import ArticleText

/// Which articles are meant: shared by `list` and `export`.
enum ListFilter {
    static let options: [Option] = [
        .value("topic", "TOPIC", "only those of this topic, as kinh-doanh; `articlectl topics` shows all"),
        .value("source", "TEXT", "only those of this source, as Mic.gov.vn; it is looked for in NFC"),
        .value("language", "TAG", "only those in this language, as vi"),
        .value(
            "from", "TIME",
            "only those from this time on: 2009-06-15T10:20+07:00, 2009-06-15 in this machine's zone, or 7d, 36h before now"
        ),
        .value("until", "TIME", "only those before this time"),
    ]

    static func request(_ arguments: Arguments) throws(CommandFailure) -> ListRequest {
        var request = ListRequest()
        // A topic may be given by its name as well; a source is compared in NFC.
        request.topic = arguments.value("topic").map(NormalForm.slug) ?? ""
        request.source = NormalForm.nfc(arguments.value("source") ?? "")
        request.language = arguments.value("language") ?? ""
        request.from = try time("from", arguments)
        request.until = try time("until", arguments)
        return request
    }

    private static func time(_ name: String, _ arguments: Arguments) throws(CommandFailure) -> Int64? {
        guard let text = arguments.value(name) else { return nil }
        guard let time = TimeText.parseOption(text) else {
            throw .usage("--\(name) \(text): a time is expected, as 2009-06-15, 2009-06-15T10:20+07:00 or 7d")
        }
        return time
    }
}
