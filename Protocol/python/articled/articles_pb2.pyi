from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

CHANGE_KIND_DELETED: ChangeKind
CHANGE_KIND_HEARTBEAT: ChangeKind
CHANGE_KIND_OUTSIDE: ChangeKind
CHANGE_KIND_STORED: ChangeKind
CHANGE_KIND_UNSPECIFIED: ChangeKind
DESCRIPTOR: _descriptor.FileDescriptor
HEALTH_STATE_DEGRADED: HealthState
HEALTH_STATE_HEALTHY: HealthState
HEALTH_STATE_UNHEALTHY: HealthState
PUT_OUTCOME_CREATED: PutOutcome
PUT_OUTCOME_UNCHANGED: PutOutcome
PUT_OUTCOME_UNSPECIFIED: PutOutcome
PUT_OUTCOME_UPDATED: PutOutcome
SEARCH_FACET_MONTH: SearchFacet
SEARCH_FACET_SOURCE: SearchFacet
SEARCH_FACET_TOPIC: SearchFacet
SEARCH_FACET_UNSPECIFIED: SearchFacet
SEARCH_ORDER_NEWEST: SearchOrder
SEARCH_ORDER_OLDEST: SearchOrder
SEARCH_ORDER_RELEVANCE: SearchOrder
VIEW_FULL: View
VIEW_SUMMARY: View
WATCH_CONTENT_FULL: WatchContent
WATCH_CONTENT_NONE: WatchContent
WATCH_CONTENT_SUMMARY: WatchContent
WATCH_START_BEGINNING: WatchStart
WATCH_START_NOW: WatchStart

class Article(_message.Message):
    __slots__ = ["attributes", "author", "body", "content_checksum", "content_size", "created_at", "id", "language", "original", "published_at", "rating", "revision", "source", "stored_at", "summary", "title", "topics", "url"]
    class AttributesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    CONTENT_SIZE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STORED_AT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.ScalarMap[str, str]
    author: str
    body: str
    content_checksum: int
    content_size: int
    created_at: int
    id: bytes
    language: str
    original: Original
    published_at: int
    rating: Rating
    revision: int
    source: str
    stored_at: int
    summary: str
    title: str
    topics: _containers.RepeatedCompositeFieldContainer[Topic]
    url: str
    def __init__(self, id: _Optional[bytes] = ..., url: _Optional[str] = ..., source: _Optional[str] = ..., title: _Optional[str] = ..., summary: _Optional[str] = ..., body: _Optional[str] = ..., author: _Optional[str] = ..., published_at: _Optional[int] = ..., language: _Optional[str] = ..., topics: _Optional[_Iterable[_Union[Topic, _Mapping]]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., rating: _Optional[_Union[Rating, _Mapping]] = ..., original: _Optional[_Union[Original, _Mapping]] = ..., revision: _Optional[int] = ..., created_at: _Optional[int] = ..., stored_at: _Optional[int] = ..., content_checksum: _Optional[int] = ..., content_size: _Optional[int] = ...) -> None: ...

class ArticleKey(_message.Message):
    __slots__ = ["id", "url"]
    ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    url: str
    def __init__(self, id: _Optional[bytes] = ..., url: _Optional[str] = ...) -> None: ...

class BackupProgress(_message.Message):
    __slots__ = ["bytes", "damaged", "done", "job", "phase", "result", "total"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    damaged: int
    done: int
    job: int
    phase: str
    result: BackupResult
    total: int
    def __init__(self, job: _Optional[int] = ..., phase: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., bytes: _Optional[int] = ..., damaged: _Optional[int] = ..., result: _Optional[_Union[BackupResult, _Mapping]] = ...) -> None: ...

class BackupRequest(_message.Message):
    __slots__ = ["directory", "job"]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    directory: str
    job: int
    def __init__(self, directory: _Optional[str] = ..., job: _Optional[int] = ...) -> None: ...

class BackupResult(_message.Message):
    __slots__ = ["bytes", "damaged", "directory", "ended_at", "findings", "records", "taken_at"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    TAKEN_AT_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    damaged: int
    directory: str
    ended_at: int
    findings: _containers.RepeatedCompositeFieldContainer[StorageFinding]
    records: int
    taken_at: int
    def __init__(self, directory: _Optional[str] = ..., records: _Optional[int] = ..., bytes: _Optional[int] = ..., damaged: _Optional[int] = ..., findings: _Optional[_Iterable[_Union[StorageFinding, _Mapping]]] = ..., taken_at: _Optional[int] = ..., ended_at: _Optional[int] = ...) -> None: ...

class CallOptions(_message.Message):
    __slots__ = ["deadline_ms"]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    deadline_ms: int
    def __init__(self, deadline_ms: _Optional[int] = ...) -> None: ...

class Classification(_message.Message):
    __slots__ = ["evidence", "language", "language_confidence", "model", "topics", "undecided"]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED_FIELD_NUMBER: _ClassVar[int]
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    language: str
    language_confidence: float
    model: str
    topics: _containers.RepeatedCompositeFieldContainer[Topic]
    undecided: bool
    def __init__(self, topics: _Optional[_Iterable[_Union[Topic, _Mapping]]] = ..., undecided: bool = ..., language: _Optional[str] = ..., language_confidence: _Optional[float] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., model: _Optional[str] = ...) -> None: ...

class ClassifyArticleRequest(_message.Message):
    __slots__ = ["explain", "key", "write_back"]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    WRITE_BACK_FIELD_NUMBER: _ClassVar[int]
    explain: bool
    key: ArticleKey
    write_back: bool
    def __init__(self, key: _Optional[_Union[ArticleKey, _Mapping]] = ..., explain: bool = ..., write_back: bool = ...) -> None: ...

class ClassifyArticleResult(_message.Message):
    __slots__ = ["classification", "stored"]
    CLASSIFICATION_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    classification: Classification
    stored: PutResult
    def __init__(self, classification: _Optional[_Union[Classification, _Mapping]] = ..., stored: _Optional[_Union[PutResult, _Mapping]] = ...) -> None: ...

class ClassifyTextRequest(_message.Message):
    __slots__ = ["body", "explain", "language", "title"]
    BODY_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    body: str
    explain: bool
    language: str
    title: str
    def __init__(self, title: _Optional[str] = ..., body: _Optional[str] = ..., explain: bool = ..., language: _Optional[str] = ...) -> None: ...

class ClientHello(_message.Message):
    __slots__ = ["agent", "features", "max_frame", "protocol_max", "protocol_min", "stream_window"]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAME_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MAX_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MIN_FIELD_NUMBER: _ClassVar[int]
    STREAM_WINDOW_FIELD_NUMBER: _ClassVar[int]
    agent: str
    features: _containers.RepeatedScalarFieldContainer[str]
    max_frame: int
    protocol_max: int
    protocol_min: int
    stream_window: int
    def __init__(self, protocol_min: _Optional[int] = ..., protocol_max: _Optional[int] = ..., max_frame: _Optional[int] = ..., stream_window: _Optional[int] = ..., features: _Optional[_Iterable[str]] = ..., agent: _Optional[str] = ...) -> None: ...

class ComponentHealth(_message.Message):
    __slots__ = ["message", "name", "state"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    message: str
    name: str
    state: HealthState
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., message: _Optional[str] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ["bytes"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    def __init__(self, bytes: _Optional[int] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ["expected_revision", "key"]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    expected_revision: int
    key: ArticleKey
    def __init__(self, key: _Optional[_Union[ArticleKey, _Mapping]] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class DeleteResult(_message.Message):
    __slots__ = ["id", "revision"]
    ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    revision: int
    def __init__(self, id: _Optional[bytes] = ..., revision: _Optional[int] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Duplicate(_message.Message):
    __slots__ = ["id", "similarity", "source", "time", "title", "url"]
    ID_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    similarity: float
    source: str
    time: int
    title: str
    url: str
    def __init__(self, id: _Optional[bytes] = ..., similarity: _Optional[float] = ..., time: _Optional[int] = ..., source: _Optional[str] = ..., title: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class DuplicateGroup(_message.Message):
    __slots__ = ["articles", "incomplete", "more"]
    ARTICLES_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    articles: _containers.RepeatedCompositeFieldContainer[Duplicate]
    incomplete: bool
    more: bool
    def __init__(self, articles: _Optional[_Iterable[_Union[Duplicate, _Mapping]]] = ..., more: bool = ..., incomplete: bool = ...) -> None: ...

class DuplicateGroupsRequest(_message.Message):
    __slots__ = ["limit", "source", "threshold", "until"]
    FROM_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    limit: int
    source: str
    threshold: float
    until: int
    def __init__(self, source: _Optional[str] = ..., until: _Optional[int] = ..., threshold: _Optional[float] = ..., limit: _Optional[int] = ..., **kwargs) -> None: ...

class DuplicatesRequest(_message.Message):
    __slots__ = ["body", "key", "limit", "summary", "threshold", "title"]
    BODY_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    body: str
    key: ArticleKey
    limit: int
    summary: str
    threshold: float
    title: str
    def __init__(self, key: _Optional[_Union[ArticleKey, _Mapping]] = ..., title: _Optional[str] = ..., summary: _Optional[str] = ..., body: _Optional[str] = ..., threshold: _Optional[float] = ..., limit: _Optional[int] = ...) -> None: ...

class DuplicatesResult(_message.Message):
    __slots__ = ["duplicates", "first", "incomplete", "more"]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    duplicates: _containers.RepeatedCompositeFieldContainer[Duplicate]
    first: bytes
    incomplete: bool
    more: bool
    def __init__(self, duplicates: _Optional[_Iterable[_Union[Duplicate, _Mapping]]] = ..., first: _Optional[bytes] = ..., more: bool = ..., incomplete: bool = ...) -> None: ...

class DuplicatesStatus(_message.Message):
    __slots__ = ["articles", "bytes", "complete", "problem", "segments", "sequence", "stored"]
    ARTICLES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    articles: int
    bytes: int
    complete: bool
    problem: str
    segments: int
    sequence: int
    stored: int
    def __init__(self, complete: bool = ..., articles: _Optional[int] = ..., stored: _Optional[int] = ..., bytes: _Optional[int] = ..., segments: _Optional[int] = ..., sequence: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class DuplicatesStatusRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Evidence(_message.Message):
    __slots__ = ["phrase", "topic", "weight"]
    PHRASE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    phrase: str
    topic: str
    weight: float
    def __init__(self, phrase: _Optional[str] = ..., topic: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class FigureLabel(_message.Message):
    __slots__ = ["name", "value"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class GetManyItem(_message.Message):
    __slots__ = ["article", "index", "status"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    article: bytes
    index: int
    status: Status
    def __init__(self, index: _Optional[int] = ..., article: _Optional[bytes] = ..., status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

class GetManyRequest(_message.Message):
    __slots__ = ["keys", "view"]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[ArticleKey]
    view: View
    def __init__(self, keys: _Optional[_Iterable[_Union[ArticleKey, _Mapping]]] = ..., view: _Optional[_Union[View, str]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ["id", "url", "view"]
    ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    url: str
    view: View
    def __init__(self, id: _Optional[bytes] = ..., url: _Optional[str] = ..., view: _Optional[_Union[View, str]] = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class HealthResult(_message.Message):
    __slots__ = ["components", "state"]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    components: _containers.RepeatedCompositeFieldContainer[ComponentHealth]
    state: HealthState
    def __init__(self, state: _Optional[_Union[HealthState, str]] = ..., components: _Optional[_Iterable[_Union[ComponentHealth, _Mapping]]] = ...) -> None: ...

class HighlightedText(_message.Message):
    __slots__ = ["marks", "text"]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    marks: _containers.RepeatedCompositeFieldContainer[TextRange]
    text: str
    def __init__(self, text: _Optional[str] = ..., marks: _Optional[_Iterable[_Union[TextRange, _Mapping]]] = ...) -> None: ...

class Histogram(_message.Message):
    __slots__ = ["bounds_ns", "counts", "sum_ns"]
    BOUNDS_NS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    SUM_NS_FIELD_NUMBER: _ClassVar[int]
    bounds_ns: _containers.RepeatedScalarFieldContainer[int]
    counts: _containers.RepeatedScalarFieldContainer[int]
    sum_ns: int
    def __init__(self, bounds_ns: _Optional[_Iterable[int]] = ..., counts: _Optional[_Iterable[int]] = ..., sum_ns: _Optional[int] = ...) -> None: ...

class ListItem(_message.Message):
    __slots__ = ["article", "cursor", "status"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    article: bytes
    cursor: bytes
    status: Status
    def __init__(self, article: _Optional[bytes] = ..., cursor: _Optional[bytes] = ..., status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ["cursor", "language", "limit", "source", "topic", "until", "view"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    language: str
    limit: int
    source: str
    topic: str
    until: int
    view: View
    def __init__(self, topic: _Optional[str] = ..., source: _Optional[str] = ..., language: _Optional[str] = ..., until: _Optional[int] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ..., view: _Optional[_Union[View, str]] = ..., **kwargs) -> None: ...

class MethodDescription(_message.Message):
    __slots__ = ["endless", "idempotent", "name", "number", "plugin", "request_type", "response_type", "role", "stream_request", "stream_response"]
    ENDLESS_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    STREAM_REQUEST_FIELD_NUMBER: _ClassVar[int]
    STREAM_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    endless: bool
    idempotent: bool
    name: str
    number: int
    plugin: str
    request_type: str
    response_type: str
    role: str
    stream_request: bool
    stream_response: bool
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., request_type: _Optional[str] = ..., response_type: _Optional[str] = ..., stream_request: bool = ..., stream_response: bool = ..., idempotent: bool = ..., role: _Optional[str] = ..., plugin: _Optional[str] = ..., endless: bool = ...) -> None: ...

class MethodStats(_message.Message):
    __slots__ = ["count", "errors", "latency", "name", "statuses"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    count: int
    errors: int
    latency: Histogram
    name: str
    statuses: _containers.RepeatedCompositeFieldContainer[StatusCount]
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ..., errors: _Optional[int] = ..., statuses: _Optional[_Iterable[_Union[StatusCount, _Mapping]]] = ..., latency: _Optional[_Union[Histogram, _Mapping]] = ...) -> None: ...

class MetricsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class MetricsResult(_message.Message):
    __slots__ = ["text"]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Original(_message.Message):
    __slots__ = ["head", "media_type", "tail"]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    head: bytes
    media_type: str
    tail: bytes
    def __init__(self, head: _Optional[bytes] = ..., tail: _Optional[bytes] = ..., media_type: _Optional[str] = ...) -> None: ...

class PingRequest(_message.Message):
    __slots__ = ["payload"]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    def __init__(self, payload: _Optional[bytes] = ...) -> None: ...

class PingResult(_message.Message):
    __slots__ = ["payload", "time"]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    time: int
    def __init__(self, payload: _Optional[bytes] = ..., time: _Optional[int] = ...) -> None: ...

class PluginDescription(_message.Message):
    __slots__ = ["abi", "methods", "name", "path", "runtime", "storage", "version"]
    ABI_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    abi: str
    methods: _containers.RepeatedScalarFieldContainer[str]
    name: str
    path: str
    runtime: str
    storage: bool
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., path: _Optional[str] = ..., runtime: _Optional[str] = ..., abi: _Optional[str] = ..., methods: _Optional[_Iterable[str]] = ..., storage: bool = ...) -> None: ...

class PluginFigure(_message.Message):
    __slots__ = ["counter", "help", "labels", "name", "plugin", "unit", "value"]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    counter: bool
    help: str
    labels: _containers.RepeatedCompositeFieldContainer[FigureLabel]
    name: str
    plugin: str
    unit: str
    value: float
    def __init__(self, plugin: _Optional[str] = ..., name: _Optional[str] = ..., counter: bool = ..., unit: _Optional[str] = ..., value: _Optional[float] = ..., labels: _Optional[_Iterable[_Union[FigureLabel, _Mapping]]] = ..., help: _Optional[str] = ...) -> None: ...

class PutManyResult(_message.Message):
    __slots__ = ["index", "result", "status"]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    index: int
    result: PutResult
    status: Status
    def __init__(self, index: _Optional[int] = ..., result: _Optional[_Union[PutResult, _Mapping]] = ..., status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

class PutRequest(_message.Message):
    __slots__ = ["article", "created_at", "expected_revision"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    article: Article
    created_at: int
    expected_revision: int
    def __init__(self, article: _Optional[_Union[Article, _Mapping]] = ..., expected_revision: _Optional[int] = ..., created_at: _Optional[int] = ...) -> None: ...

class PutResult(_message.Message):
    __slots__ = ["created_at", "id", "outcome", "revision", "stored_at"]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STORED_AT_FIELD_NUMBER: _ClassVar[int]
    created_at: int
    id: bytes
    outcome: PutOutcome
    revision: int
    stored_at: int
    def __init__(self, outcome: _Optional[_Union[PutOutcome, str]] = ..., id: _Optional[bytes] = ..., revision: _Optional[int] = ..., created_at: _Optional[int] = ..., stored_at: _Optional[int] = ...) -> None: ...

class Rating(_message.Message):
    __slots__ = ["count", "sum"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    count: int
    sum: int
    def __init__(self, count: _Optional[int] = ..., sum: _Optional[int] = ...) -> None: ...

class RelatedRequest(_message.Message):
    __slots__ = ["articles", "body", "key", "limit", "snippet_bytes", "title"]
    ARTICLES_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_BYTES_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    articles: bool
    body: str
    key: ArticleKey
    limit: int
    snippet_bytes: int
    title: str
    def __init__(self, key: _Optional[_Union[ArticleKey, _Mapping]] = ..., title: _Optional[str] = ..., body: _Optional[str] = ..., limit: _Optional[int] = ..., articles: bool = ..., snippet_bytes: _Optional[int] = ...) -> None: ...

class SearchFacetCount(_message.Message):
    __slots__ = ["count", "facet", "value"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FACET_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    count: int
    facet: SearchFacet
    value: str
    def __init__(self, facet: _Optional[_Union[SearchFacet, str]] = ..., value: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class SearchHit(_message.Message):
    __slots__ = ["article", "id", "score", "snippet", "source", "time", "title", "topics", "url"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    article: bytes
    id: bytes
    score: float
    snippet: HighlightedText
    source: str
    time: int
    title: HighlightedText
    topics: _containers.RepeatedScalarFieldContainer[str]
    url: str
    def __init__(self, id: _Optional[bytes] = ..., score: _Optional[float] = ..., time: _Optional[int] = ..., source: _Optional[str] = ..., topics: _Optional[_Iterable[str]] = ..., title: _Optional[_Union[HighlightedText, _Mapping]] = ..., snippet: _Optional[_Union[HighlightedText, _Mapping]] = ..., url: _Optional[str] = ..., article: _Optional[bytes] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ["articles", "cursor", "facets", "language", "limit", "minutes_east_of_utc", "order", "query", "recency", "snippet_bytes", "source", "topic", "until"]
    ARTICLES_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    FACETS_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    MINUTES_EAST_OF_UTC_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    RECENCY_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_BYTES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    articles: bool
    cursor: bytes
    facets: bool
    language: str
    limit: int
    minutes_east_of_utc: int
    order: SearchOrder
    query: str
    recency: float
    snippet_bytes: int
    source: str
    topic: str
    until: int
    def __init__(self, query: _Optional[str] = ..., topic: _Optional[str] = ..., source: _Optional[str] = ..., language: _Optional[str] = ..., until: _Optional[int] = ..., order: _Optional[_Union[SearchOrder, str]] = ..., recency: _Optional[float] = ..., limit: _Optional[int] = ..., cursor: _Optional[bytes] = ..., articles: bool = ..., facets: bool = ..., snippet_bytes: _Optional[int] = ..., minutes_east_of_utc: _Optional[int] = ..., **kwargs) -> None: ...

class SearchResult(_message.Message):
    __slots__ = ["cursor", "did_you_mean", "facets", "hits", "incomplete", "notes", "relaxed", "total"]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    DID_YOU_MEAN_FIELD_NUMBER: _ClassVar[int]
    FACETS_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    RELAXED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    cursor: bytes
    did_you_mean: str
    facets: _containers.RepeatedCompositeFieldContainer[SearchFacetCount]
    hits: _containers.RepeatedCompositeFieldContainer[SearchHit]
    incomplete: bool
    notes: _containers.RepeatedScalarFieldContainer[str]
    relaxed: bool
    total: int
    def __init__(self, hits: _Optional[_Iterable[_Union[SearchHit, _Mapping]]] = ..., total: _Optional[int] = ..., cursor: _Optional[bytes] = ..., facets: _Optional[_Iterable[_Union[SearchFacetCount, _Mapping]]] = ..., notes: _Optional[_Iterable[str]] = ..., relaxed: bool = ..., incomplete: bool = ..., did_you_mean: _Optional[str] = ...) -> None: ...

class SearchStatus(_message.Message):
    __slots__ = ["articles", "bytes", "complete", "problem", "segments", "sequence", "stored"]
    ARTICLES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    articles: int
    bytes: int
    complete: bool
    problem: str
    segments: int
    sequence: int
    stored: int
    def __init__(self, complete: bool = ..., articles: _Optional[int] = ..., stored: _Optional[int] = ..., bytes: _Optional[int] = ..., segments: _Optional[int] = ..., sequence: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class SearchStatusRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ServerHello(_message.Message):
    __slots__ = ["agent", "features", "idle_timeout_ms", "max_frame", "max_in_flight", "methods", "protocol", "roles", "stream_window"]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAME_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    STREAM_WINDOW_FIELD_NUMBER: _ClassVar[int]
    agent: str
    features: _containers.RepeatedScalarFieldContainer[str]
    idle_timeout_ms: int
    max_frame: int
    max_in_flight: int
    methods: _containers.RepeatedCompositeFieldContainer[MethodDescription]
    protocol: int
    roles: int
    stream_window: int
    def __init__(self, protocol: _Optional[int] = ..., max_frame: _Optional[int] = ..., stream_window: _Optional[int] = ..., features: _Optional[_Iterable[str]] = ..., agent: _Optional[str] = ..., max_in_flight: _Optional[int] = ..., idle_timeout_ms: _Optional[int] = ..., methods: _Optional[_Iterable[_Union[MethodDescription, _Mapping]]] = ..., roles: _Optional[int] = ...) -> None: ...

class ServiceDescription(_message.Message):
    __slots__ = ["listeners", "methods", "plugins", "protocol", "started_at", "version"]
    LISTENERS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    PLUGINS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    listeners: _containers.RepeatedScalarFieldContainer[str]
    methods: _containers.RepeatedCompositeFieldContainer[MethodDescription]
    plugins: _containers.RepeatedCompositeFieldContainer[PluginDescription]
    protocol: int
    started_at: int
    version: str
    def __init__(self, version: _Optional[str] = ..., protocol: _Optional[int] = ..., started_at: _Optional[int] = ..., plugins: _Optional[_Iterable[_Union[PluginDescription, _Mapping]]] = ..., methods: _Optional[_Iterable[_Union[MethodDescription, _Mapping]]] = ..., listeners: _Optional[_Iterable[str]] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class StatsResult(_message.Message):
    __slots__ = ["bytes_buffered", "bytes_received", "bytes_sent", "connections", "connections_accepted", "connections_refused", "figures", "in_flight", "methods", "protocol_errors", "refused_requests", "slow_requests", "started_at", "storage"]
    BYTES_BUFFERED_FIELD_NUMBER: _ClassVar[int]
    BYTES_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    BYTES_SENT_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_REFUSED_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_ERRORS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    SLOW_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    bytes_buffered: int
    bytes_received: int
    bytes_sent: int
    connections: int
    connections_accepted: int
    connections_refused: int
    figures: _containers.RepeatedCompositeFieldContainer[PluginFigure]
    in_flight: int
    methods: _containers.RepeatedCompositeFieldContainer[MethodStats]
    protocol_errors: int
    refused_requests: int
    slow_requests: int
    started_at: int
    storage: StorageStats
    def __init__(self, started_at: _Optional[int] = ..., methods: _Optional[_Iterable[_Union[MethodStats, _Mapping]]] = ..., connections: _Optional[int] = ..., connections_accepted: _Optional[int] = ..., connections_refused: _Optional[int] = ..., in_flight: _Optional[int] = ..., bytes_received: _Optional[int] = ..., bytes_sent: _Optional[int] = ..., bytes_buffered: _Optional[int] = ..., storage: _Optional[_Union[StorageStats, _Mapping]] = ..., protocol_errors: _Optional[int] = ..., refused_requests: _Optional[int] = ..., slow_requests: _Optional[int] = ..., figures: _Optional[_Iterable[_Union[PluginFigure, _Mapping]]] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ["code", "message", "request"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    request: int
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., request: _Optional[int] = ...) -> None: ...

class StatusCount(_message.Message):
    __slots__ = ["code", "count"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    code: int
    count: int
    def __init__(self, code: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class StorageFinding(_message.Message):
    __slots__ = ["file", "id", "offset", "problem"]
    FILE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    file: str
    id: bytes
    offset: int
    problem: str
    def __init__(self, id: _Optional[bytes] = ..., file: _Optional[str] = ..., offset: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class StorageStats(_message.Message):
    __slots__ = ["file_bytes", "records", "scrub_damaged", "scrub_ended_at", "scrub_records", "scrub_running", "transactions", "used_bytes", "writes"]
    FILE_BYTES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    SCRUB_DAMAGED_FIELD_NUMBER: _ClassVar[int]
    SCRUB_ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    SCRUB_RECORDS_FIELD_NUMBER: _ClassVar[int]
    SCRUB_RUNNING_FIELD_NUMBER: _ClassVar[int]
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    file_bytes: int
    records: int
    scrub_damaged: int
    scrub_ended_at: int
    scrub_records: int
    scrub_running: bool
    transactions: int
    used_bytes: int
    writes: int
    def __init__(self, records: _Optional[int] = ..., used_bytes: _Optional[int] = ..., file_bytes: _Optional[int] = ..., transactions: _Optional[int] = ..., writes: _Optional[int] = ..., scrub_ended_at: _Optional[int] = ..., scrub_records: _Optional[int] = ..., scrub_damaged: _Optional[int] = ..., scrub_running: bool = ...) -> None: ...

class SuggestRequest(_message.Message):
    __slots__ = ["limit", "query"]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    limit: int
    query: str
    def __init__(self, query: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class SuggestResult(_message.Message):
    __slots__ = ["incomplete", "suggestions"]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    incomplete: bool
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, suggestions: _Optional[_Iterable[str]] = ..., incomplete: bool = ...) -> None: ...

class TextRange(_message.Message):
    __slots__ = ["end", "start"]
    END_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    end: int
    start: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class Topic(_message.Message):
    __slots__ = ["name", "score", "slug"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    name: str
    score: float
    slug: str
    def __init__(self, slug: _Optional[str] = ..., score: _Optional[float] = ..., name: _Optional[str] = ...) -> None: ...

class TopicDescription(_message.Message):
    __slots__ = ["name", "slug", "training_articles"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    TRAINING_ARTICLES_FIELD_NUMBER: _ClassVar[int]
    name: str
    slug: str
    training_articles: int
    def __init__(self, slug: _Optional[str] = ..., name: _Optional[str] = ..., training_articles: _Optional[int] = ...) -> None: ...

class TopicsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class TopicsResult(_message.Message):
    __slots__ = ["model", "threshold", "topics"]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    model: str
    threshold: float
    topics: _containers.RepeatedCompositeFieldContainer[TopicDescription]
    def __init__(self, topics: _Optional[_Iterable[_Union[TopicDescription, _Mapping]]] = ..., model: _Optional[str] = ..., threshold: _Optional[float] = ...) -> None: ...

class VerifyProgress(_message.Message):
    __slots__ = ["damaged", "done", "job", "phase", "records", "result", "total"]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    damaged: int
    done: int
    job: int
    phase: str
    records: int
    result: VerifyResult
    total: int
    def __init__(self, job: _Optional[int] = ..., phase: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., records: _Optional[int] = ..., damaged: _Optional[int] = ..., result: _Optional[_Union[VerifyResult, _Mapping]] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ["job"]
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: int
    def __init__(self, job: _Optional[int] = ...) -> None: ...

class VerifyResult(_message.Message):
    __slots__ = ["bytes", "damaged", "ended_at", "findings", "index_entries", "records", "started_at"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    INDEX_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    damaged: int
    ended_at: int
    findings: _containers.RepeatedCompositeFieldContainer[StorageFinding]
    index_entries: int
    records: int
    started_at: int
    def __init__(self, records: _Optional[int] = ..., bytes: _Optional[int] = ..., index_entries: _Optional[int] = ..., damaged: _Optional[int] = ..., findings: _Optional[_Iterable[_Union[StorageFinding, _Mapping]]] = ..., started_at: _Optional[int] = ..., ended_at: _Optional[int] = ...) -> None: ...

class WatchItem(_message.Message):
    __slots__ = ["article", "caught_up", "cursor", "id", "kind", "revision", "sequence", "status", "stored_at"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STORED_AT_FIELD_NUMBER: _ClassVar[int]
    article: bytes
    caught_up: bool
    cursor: bytes
    id: bytes
    kind: ChangeKind
    revision: int
    sequence: int
    status: Status
    stored_at: int
    def __init__(self, kind: _Optional[_Union[ChangeKind, str]] = ..., cursor: _Optional[bytes] = ..., sequence: _Optional[int] = ..., id: _Optional[bytes] = ..., revision: _Optional[int] = ..., stored_at: _Optional[int] = ..., article: _Optional[bytes] = ..., status: _Optional[_Union[Status, _Mapping]] = ..., caught_up: bool = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ["content", "cursor", "heartbeat_ms", "language", "source", "start", "topic"]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    content: WatchContent
    cursor: bytes
    heartbeat_ms: int
    language: str
    source: str
    start: WatchStart
    topic: str
    def __init__(self, cursor: _Optional[bytes] = ..., start: _Optional[_Union[WatchStart, str]] = ..., topic: _Optional[str] = ..., source: _Optional[str] = ..., language: _Optional[str] = ..., content: _Optional[_Union[WatchContent, str]] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class View(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class PutOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class WatchStart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class WatchContent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class ChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class SearchOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class SearchFacet(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class HealthState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
