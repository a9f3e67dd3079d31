// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// All messages of articles.proto.
let messageTypes: [any ProtocolMessage.Type] = [
    Article.self, Topic.self, Rating.self, Original.self, ArticleKey.self,
    PutRequest.self, PutResult.self, PutManyResult.self, DeleteRequest.self, DeleteResult.self,
    GetRequest.self, GetManyRequest.self, GetManyItem.self, ListRequest.self, ListItem.self,
    WatchRequest.self, WatchItem.self,
    ClassifyTextRequest.self, ClassifyArticleRequest.self, Classification.self, Evidence.self,
    ClassifyArticleResult.self, TopicsRequest.self, TopicsResult.self, TopicDescription.self,
    SearchRequest.self, SearchResult.self, SearchHit.self, HighlightedText.self, TextRange.self, SearchFacetCount.self,
    SuggestRequest.self, SuggestResult.self, RelatedRequest.self, SearchStatusRequest.self, SearchStatus.self,
    DuplicatesRequest.self, DuplicatesResult.self, Duplicate.self, DuplicateGroupsRequest.self, DuplicateGroup.self,
    DuplicatesStatusRequest.self, DuplicatesStatus.self,
    PingRequest.self, PingResult.self, DescribeRequest.self, ServiceDescription.self, PluginDescription.self,
    MethodDescription.self, HealthRequest.self, HealthResult.self, ComponentHealth.self, StatsRequest.self,
    StatsResult.self, PluginFigure.self, FigureLabel.self, MethodStats.self, StatusCount.self, Histogram.self,
    StorageStats.self,
    MetricsRequest.self, MetricsResult.self,
    StorageFinding.self, VerifyRequest.self, VerifyProgress.self, VerifyResult.self, BackupRequest.self,
    BackupProgress.self, BackupResult.self,
    ClientHello.self, ServerHello.self, CallOptions.self, Status.self, Credit.self,
]

/// The type of a full name.
func messageType(_ name: String) -> (any ProtocolMessage.Type)? { messageTypes.first { $0.name == name } }

/// Decodes and encodes again.
func roundTrip(_ type: (any ProtocolMessage.Type)?, _ bytes: [UInt8]) throws -> [UInt8]? {
    func open<Message: ProtocolMessage>(_: Message.Type) throws -> [UInt8] { try Message(decoding: bytes).encoded() }
    return try type.map { try open($0) }
}
