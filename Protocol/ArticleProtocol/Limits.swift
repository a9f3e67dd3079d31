// SPDX-License-Identifier: Apache-2.0
/// The limits of the protocol and of articles; see PROTOCOL.md, "Limits". For configurable limits, these are the
/// defaults.
///
/// Sizes are in bytes. Sizes of text are bytes of UTF-8.
public enum Limits {
    // MARK: Frames
    /// The payload of the client's HELLO.
    public static let helloPayload = 16 * 1024
    /// The payload of the server's HELLO, which lists every method.
    public static let serverHelloPayload = 256 * 1024
    /// The default for the payload of a frame.
    public static let maxFrame = 16 << 20
    /// The smallest `max_frame` that a peer may announce. Every ``Status`` fits into it.
    public static let smallestMaxFrame = 8192
    /// The payload of a PING.
    public static let pingPayload = 64
    /// The call options before a request.
    public static let callOptions = 1024
    /// The text of a ``Status``.
    public static let statusMessage = 4096
    /// The default for the initial credit of a stream.
    public static let streamWindow = 256 * 1024
    /// The credit that a streamed message costs in addition to its own size.
    public static let messageOverhead = 16
    /// The nesting of messages.
    public static let depth = 8

    // MARK: Articles
    /// ``Article/url``.
    public static let url = 2048
    /// ``Article/source``.
    public static let source = 240
    /// ``Article/title``.
    public static let title = 4096
    /// ``Article/summary``.
    public static let summary = 65536
    /// ``Article/body``.
    public static let body = 8 << 20
    /// ``Article/author``.
    public static let author = 1024
    /// ``Article/language``.
    public static let language = 35
    /// The number of topics of an article.
    public static let topics = 64
    /// The slug of a ``Topic``, of `[a-z0-9-]`.
    public static let slug = 64
    /// The name of a ``Topic``.
    public static let topicName = 256
    /// The number of attributes of an article, counted as sent.
    public static let attributes = 256
    /// A key in ``Article/attributes``.
    public static let attributeKey = 256
    /// A value in ``Article/attributes``.
    public static let attributeValue = 65536
    /// The head and the tail of an ``Original``, each.
    public static let original = 1 << 20
    /// ``Original/mediaType``.
    public static let mediaType = 256
    /// The range of times: the years 1 to 9999, in milliseconds since 1970-01-01T00:00:00Z.
    public static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    /// The number of runs of the service's fields in an article that a writer sends.
    public static let serviceFieldRuns = 64
    /// An encoded article. The service's fields do not count.
    public static let article = 12 << 20

    // MARK: Messages
    /// The values of a repeated field that has no limit of its own.
    public static let repeated = 65_536
    /// The keys of one `fetch.getMany`.
    public static let keys = 10_000
}
