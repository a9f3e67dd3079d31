// SPDX-License-Identifier: Apache-2.0
// What a peer can send, against every decoder: see `run` beside this file.
// modules: ArticleProtocol
import ArticleProtocol

/// One input. Its first byte chooses the decoder; what can be decoded must have one encoding, which is read as itself.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    let bytes = unsafe UnsafeRawBufferPointer(start: data + 1, count: count - 1)
    let choice = unsafe Int(data.pointee) % (types.count + 1)
    if choice == types.count {
        unsafe article(bytes)
    } else {
        let type = types[choice]
        unsafe message(type, bytes)
    }
    return 0
}

private let types: [any ProtocolMessage.Type] = [
    Article.self, PutRequest.self, PutResult.self, PutManyResult.self, DeleteRequest.self, GetRequest.self,
    GetManyRequest.self, GetManyItem.self, ListRequest.self, ListItem.self, WatchRequest.self,
    WatchItem.self, SearchRequest.self, SearchResult.self, SearchStatus.self, SuggestRequest.self, SuggestResult.self,
    RelatedRequest.self, DuplicatesRequest.self, DuplicatesResult.self, DuplicateGroupsRequest.self,
    DuplicateGroup.self, DuplicatesStatus.self, ClassifyArticleRequest.self,
    ClassifyArticleResult.self, TopicsResult.self, ServiceDescription.self, HealthResult.self, StatsResult.self,
    PluginFigure.self,
    MetricsResult.self,
    ClientHello.self, ServerHello.self, CallOptions.self, Status.self, Credit.self,
]

private func message<Message: ProtocolMessage>(_: Message.Type, _ bytes: UnsafeRawBufferPointer) {
    guard let encoded = try? unsafe Message(decoding: bytes).encoded() else { return }
    guard let again = try? Message(decoding: encoded).encoded() else { fatalError("its own encoding cannot be read") }
    guard again == encoded else { fatalError("two encodings of one message") }
}

/// The writer's part of an article that was let in can be read, and has nothing of the service's.
private func article(_ bytes: UnsafeRawBufferPointer) {
    guard let content = try? unsafe ArticleContent(validating: bytes.bytes) else { return }
    let own = unsafe content.content(of: bytes.bytes)
    guard (try? Article(decoding: own)) != nil else { fatalError("what was let in cannot be read") }
    guard let checked = try? unsafe ArticleContent(validating: own.span.bytes), checked.serviceFields.isEmpty else {
        fatalError("the service's fields were left in")
    }
    guard (try? unsafe ArticleContent.summary(of: own.span.bytes)) != nil else { fatalError("no summary") }
}
