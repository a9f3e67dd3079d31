/// The limits of the protocol and of the article model; see PROTOCOL.md, "Limits". What a service may configure has its default here.
public enum Limits {
    // MARK: Frames
    /// Bytes of the payload of the client's HELLO.
    public static let helloPayload = 16 * 1024
    /// Bytes of the payload of the server's HELLO, which tells every method.
    public static let serverHelloPayload = 256 * 1024
    /// Default for the largest payload.
    public static let maxFrame = 16 << 20
    /// The smallest `max_frame` that a peer may announce: every `Status` fits into it.
    public static let smallestMaxFrame = 8192
    /// Bytes of a PING's payload.
    public static let pingPayload = 64
    /// Bytes of the call options before a request.
    public static let callOptions = 1024
    /// Bytes of a status' message.
    public static let statusMessage = 4096
    /// Default for the credit of a stream at its start, bytes.
    public static let streamWindow = 256 * 1024
    /// What a streamed message costs of its credit beside its own bytes.
    public static let messageOverhead = 16
    /// How deep messages may nest.
    public static let depth = 8

    // MARK: Articles, in bytes of UTF-8 where nothing else is said
    /// `Article.url`.
    public static let url = 2048
    /// `Article.source`.
    public static let source = 240
    /// `Article.title`.
    public static let title = 4096
    /// `Article.summary`.
    public static let summary = 65536
    /// `Article.body`.
    public static let body = 8 << 20
    /// `Article.author`.
    public static let author = 1024
    /// `Article.language`.
    public static let language = 35
    /// How many topics an article may have.
    public static let topics = 64
    /// `Topic.slug`, of [a-z0-9-].
    public static let slug = 64
    /// `Topic.name`.
    public static let topicName = 256
    /// How many attributes an article may have, counted as they are sent.
    public static let attributes = 256
    /// A key in `Article.attributes`.
    public static let attributeKey = 256
    /// A value in `Article.attributes`.
    public static let attributeValue = 65536
    /// `Original.head` and `Original.tail`, each.
    public static let original = 1 << 20
    /// `Original.mediaType`.
    public static let mediaType = 256
    /// Times, milliseconds since 1970-01-01T00:00:00Z: the years 1 to 9999.
    public static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    /// Runs of service-owned fields in what a writer sends.
    public static let serviceFieldRuns = 64
    /// An encoded article, of which the fields that are the service's do not count.
    public static let article = 12 << 20

    // MARK: Messages
    /// Values of a repeated field that has no limit of its own.
    public static let repeated = 65_536
    /// Keys of one fetch.getMany.
    public static let keys = 10_000
}
