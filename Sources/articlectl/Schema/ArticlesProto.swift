// SPDX-License-Identifier: Apache-2.0

/// The messages of `Protocol/articles.proto`, without its comments, so that articlectl needs no file to know them.
///
/// A test compares both. After a change there, put what this prints between the quotes:
/// `sed -E 's,[[:space:]]*//.*,,; /^[[:space:]]*$/d' Protocol/articles.proto`
enum ArticlesProto {
    /// As it is parsed.
    static let schema: Schema = {
        do throws(ProtoError) { return try ProtoParser.parse(text) } catch {
            preconditionFailure("articles.proto: \(error)")  // a test has read it
        }
    }()

    static let text = #"""
        syntax = "proto3";
        package articled.v1;
        message Article {
          bytes id = 1;
          string url = 2;
          string source = 3;
          string title = 4;
          string summary = 5;
          string body = 6;
          string author = 7;
          int64 published_at = 8;
          string language = 9;
          repeated Topic topics = 10;
          map<string, string> attributes = 11;
          Rating rating = 12;
          Original original = 13;
          reserved 14, 15;
          uint64 revision = 32;
          int64 created_at = 33;
          int64 stored_at = 34;
          fixed32 content_checksum = 35;
          uint32 content_size = 36;
        }
        message Topic {
          string slug = 1;
          float score = 2;
          string name = 3;
        }
        message Rating {
          uint64 count = 1;
          int64 sum = 2;
        }
        message Original {
          bytes head = 1;
          bytes tail = 2;
          string media_type = 3;
        }
        message ArticleKey {
          bytes id = 1;
          string url = 2;
        }
        enum View {
          VIEW_FULL = 0;
          VIEW_SUMMARY = 1;
        }
        message PutRequest {
          Article article = 1;
          optional uint64 expected_revision = 2;
          int64 created_at = 3;
        }
        enum PutOutcome {
          PUT_OUTCOME_UNSPECIFIED = 0;
          PUT_OUTCOME_CREATED = 1;
          PUT_OUTCOME_UPDATED = 2;
          PUT_OUTCOME_UNCHANGED = 3;
        }
        message PutResult {
          PutOutcome outcome = 1;
          bytes id = 2;
          uint64 revision = 3;
          int64 created_at = 4;
          int64 stored_at = 5;
        }
        message PutManyResult {
          uint64 index = 1;
          PutResult result = 2;
          Status status = 3;
        }
        message DeleteRequest {
          ArticleKey key = 1;
          optional uint64 expected_revision = 2;
        }
        message DeleteResult {
          bytes id = 1;
          uint64 revision = 2;
        }
        message GetRequest {
          bytes id = 1;
          string url = 2;
          View view = 3;
        }
        message GetManyRequest {
          repeated ArticleKey keys = 1;
          View view = 2;
        }
        message GetManyItem {
          uint64 index = 1;
          bytes article = 2;
          Status status = 3;
        }
        message ListRequest {
          string topic = 1;
          string source = 2;
          string language = 3;
          optional int64 from = 4;
          optional int64 until = 5;
          uint64 limit = 6;
          bytes cursor = 7;
          View view = 8;
        }
        message ListItem {
          bytes article = 1;
          bytes cursor = 2;
          Status status = 3;
        }
        enum WatchStart {
          WATCH_START_BEGINNING = 0;
          WATCH_START_NOW = 1;
        }
        enum WatchContent {
          WATCH_CONTENT_FULL = 0;
          WATCH_CONTENT_SUMMARY = 1;
          WATCH_CONTENT_NONE = 2;
        }
        enum ChangeKind {
          CHANGE_KIND_UNSPECIFIED = 0;
          CHANGE_KIND_STORED = 1;
          CHANGE_KIND_DELETED = 2;
          CHANGE_KIND_OUTSIDE = 3;
          CHANGE_KIND_HEARTBEAT = 4;
        }
        message WatchRequest {
          bytes cursor = 1;
          WatchStart start = 2;
          string topic = 3;
          string source = 4;
          string language = 5;
          WatchContent content = 6;
          uint32 heartbeat_ms = 7;
        }
        message WatchItem {
          ChangeKind kind = 1;
          bytes cursor = 2;
          uint64 sequence = 3;
          bytes id = 4;
          uint64 revision = 5;
          int64 stored_at = 6;
          bytes article = 7;
          Status status = 8;
          bool caught_up = 9;
        }
        message ClassifyTextRequest {
          string title = 1;
          string body = 2;
          bool explain = 3;
          string language = 4;
        }
        message ClassifyArticleRequest {
          ArticleKey key = 1;
          bool explain = 2;
          bool write_back = 3;
        }
        message Classification {
          repeated Topic topics = 1;
          bool undecided = 2;
          string language = 3;
          float language_confidence = 4;
          repeated Evidence evidence = 5;
          string model = 6;
        }
        message Evidence {
          string phrase = 1;
          string topic = 2;
          float weight = 3;
        }
        message ClassifyArticleResult {
          Classification classification = 1;
          PutResult stored = 2;
        }
        message TopicsRequest {}
        message TopicsResult {
          repeated TopicDescription topics = 1;
          string model = 2;
          float threshold = 3;
        }
        message TopicDescription {
          string slug = 1;
          string name = 2;
          uint64 training_articles = 3;
        }
        enum SearchOrder {
          SEARCH_ORDER_RELEVANCE = 0;
          SEARCH_ORDER_NEWEST = 1;
          SEARCH_ORDER_OLDEST = 2;
        }
        enum SearchFacet {
          SEARCH_FACET_UNSPECIFIED = 0;
          SEARCH_FACET_TOPIC = 1;
          SEARCH_FACET_SOURCE = 2;
          SEARCH_FACET_MONTH = 3;
        }
        message SearchRequest {
          string query = 1;
          string topic = 2;
          string source = 3;
          string language = 4;
          optional int64 from = 5;
          optional int64 until = 6;
          SearchOrder order = 7;
          float recency = 8;
          uint32 limit = 9;
          bytes cursor = 10;
          bool articles = 11;
          bool facets = 12;
          uint32 snippet_bytes = 13;
          int64 minutes_east_of_utc = 14;
        }
        message SearchResult {
          repeated SearchHit hits = 1;
          uint64 total = 2;
          bytes cursor = 3;
          repeated SearchFacetCount facets = 4;
          repeated string notes = 5;
          bool relaxed = 6;
          bool incomplete = 7;
          string did_you_mean = 8;
        }
        message SearchHit {
          bytes id = 1;
          float score = 2;
          int64 time = 3;
          string source = 4;
          repeated string topics = 5;
          HighlightedText title = 6;
          HighlightedText snippet = 7;
          string url = 8;
          bytes article = 9;
        }
        message HighlightedText {
          string text = 1;
          repeated TextRange marks = 2;
        }
        message TextRange {
          uint32 start = 1;
          uint32 end = 2;
        }
        message SearchFacetCount {
          SearchFacet facet = 1;
          string value = 2;
          uint64 count = 3;
        }
        message SuggestRequest {
          string query = 1;
          uint32 limit = 2;
        }
        message SuggestResult {
          repeated string suggestions = 1;
          bool incomplete = 2;
        }
        message RelatedRequest {
          ArticleKey key = 1;
          string title = 2;
          string body = 3;
          uint32 limit = 4;
          bool articles = 5;
          uint32 snippet_bytes = 6;
        }
        message SearchStatusRequest {}
        message SearchStatus {
          bool complete = 1;
          uint64 articles = 2;
          uint64 stored = 3;
          uint64 bytes = 4;
          uint64 segments = 5;
          uint64 sequence = 6;
          string problem = 7;
        }
        message DuplicatesRequest {
          ArticleKey key = 1;
          string title = 2;
          string summary = 3;
          string body = 4;
          float threshold = 5;
          uint32 limit = 6;
        }
        message DuplicatesResult {
          repeated Duplicate duplicates = 1;
          bytes first = 2;
          bool more = 3;
          bool incomplete = 4;
        }
        message Duplicate {
          bytes id = 1;
          float similarity = 2;
          int64 time = 3;
          string source = 4;
          string title = 5;
          string url = 6;
        }
        message DuplicateGroupsRequest {
          string source = 1;
          optional int64 from = 2;
          optional int64 until = 3;
          float threshold = 4;
          uint64 limit = 5;
        }
        message DuplicateGroup {
          repeated Duplicate articles = 1;
          bool more = 2;
          bool incomplete = 3;
        }
        message DuplicatesStatusRequest {}
        message DuplicatesStatus {
          bool complete = 1;
          uint64 articles = 2;
          uint64 stored = 3;
          uint64 bytes = 4;
          uint64 segments = 5;
          uint64 sequence = 6;
          string problem = 7;
        }
        message PingRequest { bytes payload = 1; }
        message PingResult { bytes payload = 1; int64 time = 2; }
        message DescribeRequest {}
        message ServiceDescription {
          string version = 1;
          uint32 protocol = 2;
          int64 started_at = 3;
          repeated PluginDescription plugins = 4;
          repeated MethodDescription methods = 5;
          repeated string listeners = 6;
        }
        message PluginDescription {
          string name = 1;
          string version = 2;
          string path = 3;
          string runtime = 4;
          string abi = 5;
          repeated string methods = 6;
          bool storage = 7;
        }
        message MethodDescription {
          string name = 1;
          uint32 number = 2;
          string request_type = 3;
          string response_type = 4;
          bool stream_request = 5;
          bool stream_response = 6;
          bool idempotent = 7;
          string role = 8;
          string plugin = 9;
          bool endless = 10;
        }
        message HealthRequest {}
        message HealthResult {
          HealthState state = 1;
          repeated ComponentHealth components = 2;
        }
        enum HealthState { HEALTH_STATE_HEALTHY = 0; HEALTH_STATE_DEGRADED = 1; HEALTH_STATE_UNHEALTHY = 2; }
        message ComponentHealth {
          string name = 1;
          HealthState state = 2;
          string message = 3;
        }
        message StatsRequest {}
        message StatsResult {
          int64 started_at = 1;
          repeated MethodStats methods = 2;
          uint64 connections = 3;
          uint64 connections_accepted = 4;
          uint64 connections_refused = 5;
          uint64 in_flight = 6;
          uint64 bytes_received = 7;
          uint64 bytes_sent = 8;
          uint64 bytes_buffered = 9;
          StorageStats storage = 10;
          uint64 protocol_errors = 11;
          uint64 refused_requests = 12;
          uint64 slow_requests = 13;
          repeated PluginFigure figures = 14;
        }
        message PluginFigure {
          string plugin = 1;
          string name = 2;
          bool counter = 3;
          string unit = 4;
          double value = 5;
          repeated FigureLabel labels = 6;
          string help = 7;
        }
        message FigureLabel {
          string name = 1;
          string value = 2;
        }
        message MethodStats {
          string name = 1;
          uint64 count = 2;
          uint64 errors = 3;
          repeated StatusCount statuses = 4;
          Histogram latency = 5;
        }
        message StatusCount { uint32 code = 1; uint64 count = 2; }
        message Histogram {
          repeated uint64 bounds_ns = 1;
          repeated uint64 counts = 2;
          uint64 sum_ns = 3;
        }
        message StorageStats {
          uint64 records = 1;
          uint64 used_bytes = 2;
          uint64 file_bytes = 3;
          uint64 transactions = 4;
          uint64 writes = 5;
          int64 scrub_ended_at = 6;
          uint64 scrub_records = 7;
          uint64 scrub_damaged = 8;
          bool scrub_running = 9;
        }
        message MetricsRequest {}
        message MetricsResult { string text = 1; }
        message StorageFinding {
          bytes id = 1;
          string file = 2;
          uint64 offset = 3;
          string problem = 4;
        }
        message VerifyRequest {
          uint64 job = 1;
        }
        message VerifyProgress {
          uint64 job = 1;
          string phase = 2;
          uint64 done = 3;
          uint64 total = 4;
          uint64 records = 5;
          uint64 damaged = 6;
          VerifyResult result = 7;
        }
        message VerifyResult {
          uint64 records = 1;
          uint64 bytes = 2;
          uint64 index_entries = 3;
          uint64 damaged = 4;
          repeated StorageFinding findings = 5;
          int64 started_at = 6;
          int64 ended_at = 7;
        }
        message BackupRequest {
          string directory = 1;
          uint64 job = 2;
        }
        message BackupProgress {
          uint64 job = 1;
          string phase = 2;
          uint64 done = 3;
          uint64 total = 4;
          uint64 bytes = 5;
          uint64 damaged = 6;
          BackupResult result = 7;
        }
        message BackupResult {
          string directory = 1;
          uint64 records = 2;
          uint64 bytes = 3;
          uint64 damaged = 4;
          repeated StorageFinding findings = 5;
          int64 taken_at = 6;
          int64 ended_at = 7;
        }
        message ClientHello {
          uint32 protocol_min = 1;
          uint32 protocol_max = 2;
          uint32 max_frame = 3;
          uint32 stream_window = 4;
          repeated string features = 5;
          string agent = 6;
        }
        message ServerHello {
          uint32 protocol = 1;
          uint32 max_frame = 2;
          uint32 stream_window = 3;
          repeated string features = 4;
          string agent = 5;
          uint32 max_in_flight = 6;
          uint32 idle_timeout_ms = 7;
          repeated MethodDescription methods = 8;
          uint32 roles = 9;
        }
        message CallOptions {
          uint32 deadline_ms = 1;
        }
        message Status {
          uint32 code = 1;
          string message = 2;
          uint64 request = 3;
        }
        message Credit { uint32 bytes = 1; }
        """#
}
