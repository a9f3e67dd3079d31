// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@Suite struct MessageTests {
    /// Each field has the number, type and place that articles.proto gives it, as another implementation reads it.
    @Test func everyFieldIsWhereTheSchemaHasIt() throws {
        let frames = try VectorFile("valid/messages.hex").frames
        #expect(frames.count == Filled.all.count)
        #expect(frames.count == messageTypes.count)
        for (frame, message) in zip(frames, Filled.all) {
            try check(message, Array(frame.bytes.dropFirst(FrameHeader.size)), try #require(frame.messages.first))
        }
    }

    private func check<Message: ProtocolMessage>(_ message: Message, _ golden: [UInt8], _ name: String) throws {
        #expect(Message.name == name)
        #expect(message.encoded() == golden, "\(name)")
        #expect(try Message(decoding: golden) == message, "\(name)")
    }

    @Test func emptyMessagesHaveNoBytes() {
        for type in messageTypes { #expect(type.init().encoded().isEmpty, "\(type.name)") }
    }

    /// Messages merge when they are put behind each other: repeated fields go on, single ones are replaced, those that
    /// are messages merge themselves.
    @Test func messagesMerge() throws {
        let first = PutRequest(
            article: Article(url: "a", title: "b", topics: [Topic(slug: "x")], rating: Rating(count: 1)))
        let second = PutRequest(
            article: Article(title: "c", topics: [Topic(slug: "y")], rating: Rating(sum: 2)), expectedRevision: 0)
        let both = try PutRequest(decoding: first.encoded() + second.encoded())
        #expect(
            both
                == PutRequest(
                    article: Article(
                        url: "a", title: "c", topics: [Topic(slug: "x"), Topic(slug: "y")],
                        rating: Rating(count: 1, sum: 2)),
                    expectedRevision: 0))
    }

    @Test func optionalFieldsKnowAbsenceFromZero() throws {
        #expect(PutRequest(expectedRevision: 0).encoded() == [0x10, 0])
        #expect(try PutRequest(decoding: [0x10, 0]).expectedRevision == 0)
        #expect(try PutRequest(decoding: [UInt8]()).expectedRevision == nil)
        #expect(try ListRequest(decoding: ListRequest(from: -1, until: 0).encoded()) == ListRequest(from: -1, until: 0))
    }

    @Test func mapsKeepTheLastValueOfAKeyAndHaveOneOrder() throws {
        let twice = Article(attributes: ["a": "1"]).encoded() + Article(attributes: ["a": "2"]).encoded()
        #expect(try Article(decoding: twice).attributes == ["a": "2"])
        let keys = (0..<200).map { "khóa-\($0)" }
        let one = Article(attributes: Dictionary(uniqueKeysWithValues: keys.map { ($0, $0) }))
        let other = Article(attributes: Dictionary(uniqueKeysWithValues: keys.reversed().map { ($0, $0) }))
        #expect(one.encoded() == other.encoded())
        // An entry may lack its key, its value, or both.
        #expect(try Article(decoding: [0x5a, 0]).attributes == ["": ""])
    }

    @Test func repeatedNumbersComePackedOrNot() throws {
        #expect(try Histogram(decoding: [0x0a, 2, 1, 2, 0x08, 3, 0x0a, 1, 4]).boundsNs == [1, 2, 3, 4])
    }

    /// A list that claims to be long costs nothing before its values are there, and is bounded when they are.
    @Test func countsAreBounded() {
        let topics = Article(topics: [Topic](repeating: Topic(slug: "a"), count: Limits.topics + 1)).encoded()
        expect(.invalidArgument, "more than 64") { () throws(ServiceError) in _ = try Article(decoding: topics) }
        let keys = GetManyRequest(keys: [ArticleKey](repeating: ArticleKey(url: "a"), count: Limits.keys + 1)).encoded()
        expect(.invalidArgument, "more than 10000") { () throws(ServiceError) in _ = try GetManyRequest(decoding: keys)
        }
        var packed = WireWriter()
        packed.begin(1, length: Limits.repeated + 1)
        let numbers = packed.bytes + [UInt8](repeating: 1, count: Limits.repeated + 1)
        expect(.invalidArgument, "more than 65536") { () throws(ServiceError) in _ = try Histogram(decoding: numbers) }
    }

    @Test func anErrorNamesMessageAndField() {
        let bytes: [UInt8] = [0x0a, 5, 0x52, 3, 0x0a, 1, 0xff]
        expect(
            .invalidArgument, "articled.v1.PutRequest: in field 1, in field 10, field 1: the text is not valid UTF-8"
        ) {
            () throws(ServiceError) in _ = try PutRequest(decoding: bytes)
        }
    }

    @Test func numbersOfALaterVersionHaveAMeaning() throws {
        #expect(try PutResult(decoding: [0x08, 99]).outcome == .unspecified)
        #expect(try HealthResult(decoding: [0x08, 99]).state == .unhealthy)
        #expect(StatusCode(rawValue: 16) == nil)
        #expect(StatusCode(rawValue: 19) == nil)
        // As protobuf does: of a number that is too large, the lower 32 bits.
        #expect(try Status(decoding: [0x08, 0x83, 0x80, 0x80, 0x80, 0x10]).code == 3)
    }
}

/// Expects an error with a code and a part of its message.
func expect(
    _ code: StatusCode, _ part: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(ServiceError) -> Void
) {
    do throws(ServiceError) {
        try body()
        Issue.record("no error", sourceLocation: sourceLocation)
    } catch {
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect(error.message.contains(part), "\(error.message)", sourceLocation: sourceLocation)
    }
}
