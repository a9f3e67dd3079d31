// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Testing

/// The golden vectors were made with another implementation of the encoding and of the checksum; see generate.py.
@Suite struct VectorTests {
    @Test(arguments: try VectorFile.all("valid"))
    func validFramesAreUnderstoodAndReproduced(_ vector: VectorFile) throws {
        #expect(!vector.frames.isEmpty)
        for frame in vector.frames {
            let read = FrameHeader(decoding: frame.bytes.raw)
            let header = try #require(read)
            let payload = Array(frame.bytes.dropFirst(FrameHeader.size))
            #expect(Int(header.payloadLength) == payload.count)
            #expect(header.checksum == CRC32C.checksum(payload))
            #expect(header.stream == frame.stream)
            #expect(header.flags.contains(.end) == frame.flags.contains("END"))
            #expect(header.flags.contains(.options) == frame.flags.contains("OPTIONS"))
            #expect((header.method != 0) == (frame.method != nil))
            if Int(frame.kind) == nil { #expect(header.kind.description == frame.kind) }
            var encoded: [UInt8] = []
            header.append(to: &encoded)
            #expect(encoded == Array(frame.bytes.prefix(FrameHeader.size)))
            try reproduces(frame, payload)
        }
    }

    private func reproduces(_ frame: VectorFile.Frame, _ payload: [UInt8]) throws {
        guard let message = frame.messages.last else { return }
        var payload = payload
        if frame.flags.contains("OPTIONS") {
            let size = Int(payload[0])  // the vectors' options are short
            let options = Array(payload[1...size])
            #expect(try roundTrip(CallOptions.self, options) == options)
            payload = Array(payload[(1 + size)...])
        }
        if message == Article.name, frame.method == nil, frame.flags.contains("END") {
            try isFetchedArticle(payload)
        } else {
            #expect(try roundTrip(messageType(message), payload) == payload)
        }
    }

    /// A fetched article is content and trailer, which is not the order in which an encoder writes it.
    private func isFetchedArticle(_ payload: [UInt8]) throws {
        let article = try Article(decoding: payload)
        let size = Int(article.contentSize)
        #expect(CRC32C.checksum(Array(payload.prefix(size))) == article.contentChecksum)
        let trailer = ArticleTrailer(
            id: try #require(article.id), revision: article.revision, createdAt: article.createdAt,
            storedAt: article.storedAt, contentChecksum: article.contentChecksum, contentSize: article.contentSize)
        #expect(bytes(of: trailer) == Array(payload.dropFirst(size)))
        let content = try ArticleContent(validating: payload.raw).content(of: payload.raw)
        #expect(content == Array(payload.prefix(size)))
    }

    /// Those whose fault lies in the message or the article: found without a server.
    @Test(arguments: try VectorFile.all("invalid"))
    func invalidMessagesAreRefused(_ vector: VectorFile) throws {
        let expectation = try #require(vector.expectation)
        let frame = try #require(vector.frames.last)
        let payload = Array(frame.bytes.dropFirst(FrameHeader.size))
        guard expectation.kind == "ERROR", frame.flags == ["END"], let method = frame.method else { return }
        var error: ServiceError?
        do throws(ServiceError) {
            switch method {
            case "service.ping": _ = try PingRequest(decoding: payload)
            case "fetch.get": _ = try GetRequest(decoding: payload)
            case "fetch.list": _ = try ListRequest(decoding: payload)
            case "search.query": _ = try SearchRequest(decoding: payload)
            case "changes.watch": _ = try WatchRequest(decoding: payload)
            default: try checkPut(payload)
            }
        } catch let caught {
            error = caught
        }
        // What a handler must find: the message itself is well-formed.
        let handlers = [
            "invalid/key-neither.hex", "invalid/key-both.hex", "invalid/cursor-unreadable.hex",
            "invalid/watch-cursor-unreadable.hex", "invalid/search-cursor-unreadable.hex",
            "invalid/article-missing.hex", "invalid/article-url-relative.hex", "invalid/article-url-blank.hex",
        ]
        #expect(
            error?.code == (handlers.contains(vector.name) ? nil : expectation.code), "\(String(describing: error))")
    }

    private func checkPut(_ payload: [UInt8]) throws(ServiceError) {
        var reader = WireReader(payload.raw)
        while try reader.next() {
            if reader.field == 1 { _ = try ArticleContent(validating: reader.span()) } else { try reader.skip() }
        }
    }
}

/// The bytes of a trailer.
func bytes(of trailer: ArticleTrailer) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: ArticleTrailer.capacity) { memory, count in
        unsafe count = trailer.encode(to: UnsafeMutableRawPointer(memory.baseAddress!))
    }
}
