// SPDX-License-Identifier: Apache-2.0
import ArticleClient
import ArticleProtocol
import ArticleText
import Spelling

/// Which articles are meant: shared by `list` and `export`.
struct ListFilter {
    static let options: [Option] = [
        .value("topic", "TOPIC", "only those of this topic, as kinh-doanh; `articlectl topics` lists them"),
        .value("source", "SOURCE", "only those of this source, as Mic.gov.vn; it is compared in NFC"),
        .value("language", "TAG", "only those in this language, as vi"),
        .value(
            "from", "TIME",
            "only those from this time on: 2009-06-15T10:20+07:00, 2009-06-15 in this machine's time zone, or 7d, 36h before now",
            alias: "after"),
        .value("until", "TIME", "only those before this time", alias: "before"),
    ]

    /// As they were typed; nil: any.
    private let topic: String?
    private let source: String?

    init(_ arguments: Arguments) {
        topic = arguments.value("topic")
        source = arguments.value("source")
    }

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

    // MARK: When nothing matches

    /// How many of the newest articles are looked at for topics and sources that exist.
    private static let sampleSize: UInt64 = 1000

    /// Says on standard error which topic or source is probably meant by one that no article has. Says nothing if the name is
    /// known, if none is like it, or if the service does not tell.
    func tellWhatIsMeant(_ session: Session) async {
        guard topic != nil || source != nil else { return }
        let (topics, sources) = await Self.known(session.client)
        if let topic, let meant = Self.meant(NormalForm.slug(topic), topics) {
            Complaint.line("no articles match --topic \(topic)")
            Complaint.hint("did you mean --topic \(meant)?")
        } else if let source, let meant = Self.meant(NormalForm.nfc(source), sources) {
            Complaint.line("no articles match --source \(source)")
            Complaint.hint("did you mean --source \(meant)?")
        }
    }

    /// The topics of the service's model, if it has one, and those of its articles, with their sources: of all articles if they
    /// can be searched, otherwise of the newest ones.
    static func known(_ client: ArticleClient) async -> (topics: Set<String>, sources: Set<String>) {
        let model = try? await client.topics()
        var topics = Set(model?.topics.map(\.slug) ?? [])
        var sources: Set<String> = []
        if let counts = try? await client.search(SearchRequest(limit: 1, facets: true)).facets {
            topics.formUnion(counts.filter { $0.facet == .topic }.map(\.value))
            sources.formUnion(counts.filter { $0.facet == .source }.map(\.value))
            return (topics, sources)
        }
        let newest = client.list(limit: Self.sampleSize, view: .summary).skipping { _ in }
        var articles = newest.makeAsyncIterator()
        while let item = try? await articles.next() {
            topics.formUnion(item.article.topics.map(\.slug))
            sources.insert(item.article.source)
        }
        return (topics, sources)
    }

    private static func meant(_ name: String, _ known: Set<String>) -> String? {
        known.contains(name) ? nil : Suggestion.closest(to: name, among: known.subtracting([""]).sorted())
    }
}
