// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// The messages of valid/messages.hex, written by hand from articles.proto: each field has a value of its own, so that
/// two that were exchanged would be seen. The rule is that of `filled` in Protocol/Vectors/generate.py.
enum Filled {
    static func id(_ field: UInt8) -> ArticleID? { ArticleID(bytes: [UInt8](repeating: field, count: 16)) }

    static let topic = Topic(slug: "slug-ệ", score: 2 / 64, name: "name-ệ")
    static let rating = Rating(count: 101, sum: -102)
    static let original = Original(head: [1, 255], tail: [2, 255], mediaType: "media_type-ệ")
    static let article = Article(
        id: id(1), url: "url-ệ", source: "source-ệ", title: "title-ệ", summary: "summary-ệ", body: "body-ệ",
        author: "author-ệ", publishedAt: -108, language: "language-ệ", topics: [topic, topic],
        attributes: ["khóa": "giá trị", "b": ""], rating: rating, original: original, revision: 132, createdAt: -133,
        storedAt: -134, contentChecksum: 135, contentSize: 136)
    static let key = ArticleKey(id: id(1), url: "url-ệ")
    static let status = Status(code: 101, message: "message-ệ", request: 103)
    static let putResult = PutResult(outcome: .created, id: id(2), revision: 103, createdAt: -104, storedAt: -105)
    static let classification = Classification(
        topics: [topic, topic], undecided: true, language: "language-ệ", languageConfidence: 4 / 64,
        evidence: [evidence, evidence], model: "model-ệ")
    static let evidence = Evidence(phrase: "phrase-ệ", topic: "topic-ệ", weight: 3 / 64)
    static let topicDescription = TopicDescription(slug: "slug-ệ", name: "name-ệ", trainingArticles: 103)
    static let plugin = PluginDescription(
        name: "name-ệ", version: "version-ệ", path: "path-ệ", runtime: "runtime-ệ", abi: "abi-ệ",
        methods: ["methods-ệ", "methods-ệ"], storage: true)
    static let method = MethodDescription(
        name: "name-ệ", number: 102, requestType: "request_type-ệ", responseType: "response_type-ệ",
        streamRequest: true, streamResponse: true, idempotent: true, role: "role-ệ", plugin: "plugin-ệ",
        endless: true)
    static let component = ComponentHealth(name: "name-ệ", state: .degraded, message: "message-ệ")
    static let statusCount = StatusCount(code: 101, count: 102)
    static let histogram = Histogram(boundsNs: [101, 301], counts: [102, 302], sumNs: 103)
    static let methodStats = MethodStats(
        name: "name-ệ", count: 102, errors: 103, statuses: [statusCount, statusCount], latency: histogram)
    static let figureLabel = FigureLabel(name: "name-ệ", value: "value-ệ")
    static let figure = PluginFigure(
        plugin: "plugin-ệ", name: "name-ệ", counter: true, unit: "unit-ệ", value: 5 / 64,
        labels: [figureLabel, figureLabel], help: "help-ệ")
    static let storageStats = StorageStats(
        records: 101, usedBytes: 102, fileBytes: 103, transactions: 104, writes: 105, scrubEndedAt: -106,
        scrubRecords: 107, scrubDamaged: 108, scrubRunning: true)
    static let finding = StorageFinding(id: id(1), file: "file-ệ", offset: 103, problem: "problem-ệ")
    static let verifyResult = VerifyResult(
        records: 101, bytes: 102, indexEntries: 103, damaged: 104, findings: [finding, finding], startedAt: -106,
        endedAt: -107)
    static let backupResult = BackupResult(
        directory: "directory-ệ", records: 102, bytes: 103, damaged: 104, findings: [finding, finding], takenAt: -106,
        endedAt: -107)

    private static let textRange = TextRange(start: 101, end: 102)
    private static let highlighted = HighlightedText(text: "text-ệ", marks: [textRange, textRange])
    private static let facetCount = SearchFacetCount(facet: .topic, value: "value-ệ", count: 103)
    private static let searchHit = SearchHit(
        id: id(1), score: 2 / 64, time: -103, source: "source-ệ", topics: ["topics-ệ", "topics-ệ"], title: highlighted,
        snippet: highlighted, url: "url-ệ", article: article)

    private static let duplicate = Duplicate(
        id: id(1), similarity: 2 / 64, time: -103, source: "source-ệ", title: "title-ệ", url: "url-ệ")

    static let all: [any ProtocolMessage] = [
        article, topic, rating, original, key,
        PutRequest(article: article, expectedRevision: 102, createdAt: -103), putResult,
        PutManyResult(index: 101, result: putResult, status: status),
        DeleteRequest(key: key, expectedRevision: 102), DeleteResult(id: id(1), revision: 102),
        GetRequest(id: id(1), url: "url-ệ", view: .summary), GetManyRequest(keys: [key, key], view: .summary),
        GetManyItem(index: 101, article: article, status: status),
        ListRequest(
            topic: "topic-ệ", source: "source-ệ", language: "language-ệ", from: -104, until: -105, limit: 106,
            cursor: [7, 255], view: .summary),
        ListItem(article: article, cursor: [2, 255], status: status),
        WatchRequest(
            cursor: [1, 255], start: .now, topic: "topic-ệ", source: "source-ệ", language: "language-ệ",
            content: .summary, heartbeatMs: 107),
        WatchItem(
            kind: .stored, cursor: [2, 255], sequence: 103, id: id(4), revision: 105, storedAt: -106, article: article,
            status: status, caughtUp: true),
        ClassifyTextRequest(title: "title-ệ", body: "body-ệ", explain: true, language: "language-ệ"),
        ClassifyArticleRequest(key: key, explain: true, writeBack: true), classification, evidence,
        ClassifyArticleResult(classification: classification, stored: putResult), TopicsRequest(),
        TopicsResult(topics: [topicDescription, topicDescription], model: "model-ệ", threshold: 3 / 64),
        topicDescription,
        SearchRequest(
            query: "query-ệ", topic: "topic-ệ", source: "source-ệ", language: "language-ệ", from: -105, until: -106,
            order: .newest, recency: 8 / 64, limit: 109, cursor: [10, 255], articles: true, facets: true,
            snippetBytes: 113, minutesEastOfUTC: -114),
        SearchResult(
            hits: [searchHit, searchHit], total: 102, cursor: [3, 255], facets: [facetCount, facetCount],
            notes: ["notes-ệ", "notes-ệ"], relaxed: true, incomplete: true, didYouMean: "did_you_mean-ệ"),
        searchHit, highlighted, textRange, facetCount, SuggestRequest(query: "query-ệ", limit: 102),
        SuggestResult(suggestions: ["suggestions-ệ", "suggestions-ệ"], incomplete: true),
        RelatedRequest(
            key: key, title: "title-ệ", body: "body-ệ", limit: 104, articles: true, snippetBytes: 106),
        SearchStatusRequest(),
        SearchStatus(
            complete: true, articles: 102, stored: 103, bytes: 104, segments: 105, sequence: 106, problem: "problem-ệ"),
        DuplicatesRequest(
            key: key, title: "title-ệ", summary: "summary-ệ", body: "body-ệ", threshold: 5 / 64, limit: 106),
        DuplicatesResult(duplicates: [duplicate, duplicate], first: id(2), more: true, incomplete: true), duplicate,
        DuplicateGroupsRequest(source: "source-ệ", from: -102, until: -103, threshold: 4 / 64, limit: 105),
        DuplicateGroup(articles: [duplicate, duplicate], more: true, incomplete: true), DuplicatesStatusRequest(),
        DuplicatesStatus(
            complete: true, articles: 102, stored: 103, bytes: 104, segments: 105, sequence: 106, problem: "problem-ệ"),
        PingRequest(payload: [1, 255]), PingResult(payload: [1, 255], time: -102), DescribeRequest(),
        ServiceDescription(
            version: "version-ệ", protocolVersion: 102, startedAt: -103, plugins: [plugin, plugin],
            methods: [method, method], listeners: ["listeners-ệ", "listeners-ệ"]),
        plugin, method, HealthRequest(), HealthResult(state: .degraded, components: [component, component]), component,
        StatsRequest(),
        StatsResult(
            startedAt: -101, methods: [methodStats, methodStats], connections: 103, connectionsAccepted: 104,
            connectionsRefused: 105, inFlight: 106, bytesReceived: 107, bytesSent: 108, bytesBuffered: 109,
            storage: storageStats, protocolErrors: 111, refusedRequests: 112, slowRequests: 113,
            figures: [figure, figure]),
        figure, figureLabel, methodStats, statusCount, histogram, storageStats, MetricsRequest(),
        MetricsResult(text: "text-ệ"),
        finding, VerifyRequest(job: 101),
        VerifyProgress(
            job: 101, phase: "phase-ệ", done: 103, total: 104, records: 105, damaged: 106, result: verifyResult),
        verifyResult, BackupRequest(directory: "directory-ệ", job: 102),
        BackupProgress(
            job: 101, phase: "phase-ệ", done: 103, total: 104, bytes: 105, damaged: 106, result: backupResult),
        backupResult,
        ClientHello(
            protocolMin: 101, protocolMax: 102, maxFrame: 103, streamWindow: 104,
            features: ["features-ệ", "features-ệ"],
            agent: "agent-ệ"),
        ServerHello(
            protocolVersion: 101, maxFrame: 102, streamWindow: 103, features: ["features-ệ", "features-ệ"],
            agent: "agent-ệ", maxInFlight: 106, idleTimeoutMs: 107, methods: [method, method], roles: 109),
        CallOptions(deadlineMs: 101), status, Credit(bytes: 101),
    ]
}
