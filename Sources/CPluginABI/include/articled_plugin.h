/* SPDX-License-Identifier: Apache-2.0 */
/* articled_plugin.h: the boundary between articled and its plugins.
 *
 * A plugin is a dynamic library that exports one symbol, articled_plugin_descriptor(). This header is the whole
 * interface: neither side depends on the other's language, runtime or data structures. Swift plugins do not use
 * it directly; HandlerKit does.
 *
 * General rules
 *  - Every structure begins with its size, as its author compiled it. A reader accesses a member only if it lies
 *    within that size: ARTICLED_HAS(pointer, member). New members are added at the end. As long as
 *    ARTICLED_ABI_MAJOR stays the same, no member is removed, moved or given another meaning.
 *  - Bytes are passed as (pointer, size). Only `const char *` is terminated by NUL. Text is UTF-8.
 *  - Arguments are lent for the duration of the call, unless the comment says otherwise.
 *  - No function throws, longjmps or unwinds across the boundary.
 *  - Threads: each request belongs to one event loop. `handle` and the events of a request are called on that
 *    loop's thread and must not block. Every host function that takes a request must be called on that thread;
 *    use `schedule` to get there from another thread. Storage functions may be called on any thread.
 *  - A library is loaded once and never unloaded. `start` is called once, on a thread that is not an event loop.
 */
#ifndef ARTICLED_PLUGIN_H
#define ARTICLED_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARTICLED_PLUGIN_MAGIC UINT64_C(0x4e494c5044545241) /* "ARTDPLIN", little-endian */
#define ARTICLED_ABI_MAJOR 1u /* must be the same on both sides */
#define ARTICLED_ABI_MINOR 3u /* tells which members an author could know; sizes decide */
#define ARTICLED_ABI ((ARTICLED_ABI_MAJOR << 16) | ARTICLED_ABI_MINOR)
#define ARTICLED_HAS(pointer, member) \
    ((pointer)->size >= offsetof(__typeof__(*(pointer)), member) + sizeof((pointer)->member))

typedef struct articled_bytes {
    const void *data; /* may be NULL when size is 0 */
    size_t size;
} articled_bytes;

typedef struct articled_loop articled_loop;       /* an event loop of the host */
typedef struct articled_request articled_request; /* a request in flight; the first members are below */

/* ---- Status -------------------------------------------------------------------------------------------------
 * The codes of PROTOCOL.md, section "Status codes". 0 is success. The client receives a code that the host does not
 * know as ARTICLED_INTERNAL. */
enum {
    ARTICLED_OK = 0,
    ARTICLED_CANCELLED = 1,
    ARTICLED_INVALID_ARGUMENT = 3,
    ARTICLED_DEADLINE_EXCEEDED = 4,
    ARTICLED_NOT_FOUND = 5,
    ARTICLED_ALREADY_EXISTS = 6,
    ARTICLED_PERMISSION_DENIED = 7,
    ARTICLED_RESOURCE_EXHAUSTED = 8,
    ARTICLED_FAILED_PRECONDITION = 9,
    ARTICLED_CONFLICT = 10,
    ARTICLED_UNIMPLEMENTED = 12,
    ARTICLED_INTERNAL = 13,
    ARTICLED_UNAVAILABLE = 14,
    ARTICLED_DATA_LOSS = 15,
    ARTICLED_PROTOCOL_ERROR = 17,
    ARTICLED_OUTCOME_UNKNOWN = 18, /* the write may or may not have taken effect */
};

/* Where a callee writes why it failed. The caller owns the buffer. The text is cut at a character boundary. */
typedef struct articled_failure {
    uint32_t size;
    uint32_t code;         /* out: a status code */
    char *message;         /* in: the buffer for the text */
    size_t capacity;       /* in: size of the buffer */
    size_t message_size;   /* out: bytes written */
} articled_failure;

/* ---- Requests ------------------------------------------------------------------------------------------------ */

enum { /* articled_request.roles, articled_method.role */
    ARTICLED_ROLE_READ = 1,
    ARTICLED_ROLE_WRITE = 2,
    ARTICLED_ROLE_ADMIN = 4,
};

enum { /* articled_request.flags */
    ARTICLED_REQUEST_MORE = 1, /* streamed request: more messages come as events */
};

#define ARTICLED_NO_DEADLINE UINT64_MAX
#define ARTICLED_MESSAGE_OVERHEAD 16u /* credit that a streamed message uses in addition to its size */
#define ARTICLED_NO_ID UINT32_MAX

/* The part of a request that a plugin may read. It is valid until the plugin ends the request (respond, finish,
 * fail). The plugin must end each request exactly once, on the loop's thread, even after a cancellation. */
struct articled_request {
    uint32_t size;
    uint32_t flags;
    articled_bytes payload; /* the request message; lent until `handle` returns */
    uint64_t deadline;      /* CLOCK_MONOTONIC, nanoseconds, or ARTICLED_NO_DEADLINE */
    uint64_t id;            /* unique within the process; log lines refer to it */
    articled_loop *loop;    /* for `schedule` */
    uint32_t roles;         /* what the peer may do: ARTICLED_ROLE_ */
    uint32_t peer_uid;      /* ARTICLED_NO_ID for TCP */
    uint32_t peer_gid;
    uint32_t peer_pid;
};

/* Events of a request that was not ended inside `handle`. Any function may be NULL. */
typedef struct articled_events {
    uint32_t size;
    uint32_t reserved;
    void (*message)(void *context, articled_request *request, articled_bytes message); /* streamed requests */
    void (*ended)(void *context, articled_request *request);    /* the client has sent its last message */
    void (*writable)(void *context, articled_request *request); /* after `send` returned BLOCKED: there is credit again */
    void (*cancelled)(void *context, articled_request *request, uint32_t code);
    /* ^ the client cancelled (CANCELLED), the deadline passed (DEADLINE_EXCEEDED), or the connection was lost
     *   (UNAVAILABLE). Nothing sent from now on is delivered. Called at most once. The request must still be ended. */
} articled_events;

enum { /* results of `send` and of the functions that end a request */
    ARTICLED_SENT = 0,
    ARTICLED_BLOCKED = 1, /* not sent: no credit or no room; `writable` is called later */
    ARTICLED_GONE = 2,    /* not sent: there is no receiver any more; end the request */
    ARTICLED_TOO_LARGE = 3, /* not sent: exceeds the peer's frame limit. A response becomes RESOURCE_EXHAUSTED */
};

enum { /* log levels: syslog's, from sd-daemon(3) */
    ARTICLED_LOG_ERROR = 3,
    ARTICLED_LOG_WARNING = 4,
    ARTICLED_LOG_NOTICE = 5,
    ARTICLED_LOG_INFO = 6,
    ARTICLED_LOG_DEBUG = 7,
};

/* The functions of the host. The structure outlives the plugin. */
typedef struct articled_host {
    uint32_t size;
    uint32_t abi;
    const char *version; /* of articled */

    /* Any thread. */
    void (*log)(void *plugin_log, uint32_t level, articled_bytes message);
    /* Any thread: calls `run(job, context)` soon, on the loop's thread, in the order of the calls of one thread. Takes a
     * short lock and does not wait otherwise. The job always runs, even while draining. */
    void (*schedule)(articled_loop *loop, void (*run)(void *job, void *context), void *job, void *context);
    /* Any thread: returns 1 on the loop's own thread, else 0. */
    int32_t (*is_current)(articled_loop *loop);

    /* The functions below are for the loop's thread only. A message is given in parts, which are joined and copied
     * before the call returns. `crc32c` is the CRC-32C of all parts together, or NULL if it is not known. `respond`,
     * `finish` and `fail` end the request whatever they return; the request must not be used after that. */

    /* Ends a request with its single response message. */
    uint32_t (*respond)(articled_request *request, const articled_bytes *parts, size_t count, const uint32_t *crc32c);
    /* Sends one message of a streamed response; `finish` ends it. */
    uint32_t (*send)(articled_request *request, const articled_bytes *parts, size_t count, const uint32_t *crc32c);
    uint32_t (*finish)(articled_request *request);
    /* Ends a request with an error. `code` is not 0. */
    uint32_t (*fail)(articled_request *request, uint32_t code, articled_bytes message);
    /* Sets the events of this request. At most once. `events` must stay valid until the request is ended. Messages
     * that arrived before are delivered right after the current callback returns. */
    void (*watch)(articled_request *request, const articled_events *events, void *context);
    /* Streamed requests: returns credit for messages that the plugin has processed. `bytes` is the sum of their sizes,
     * plus ARTICLED_MESSAGE_OVERHEAD for each. The client may then send as much again. */
    void (*consumed)(articled_request *request, size_t bytes);
    /* Since 1.3. Any thread, while `start` runs: reports progress, with a text for people. The host's time limit for a
     * start restarts with each call, so that a long recovery is not aborted, but one that hangs is. */
    void (*starting)(void *plugin_log, articled_bytes status);
} articled_host;

/* ---- Storage ------------------------------------------------------------------------------------------------- *
 * An engine stores records under a 16-byte id and, optionally, a unique alternate key (an article's canonical URL).
 * It handles ids, keys, revisions, times, terms and bytes, and knows nothing about articles. */

#define ARTICLED_ANY_REVISION UINT64_MAX
#define ARTICLED_NO_TIME INT64_MIN

typedef struct articled_record {
    uint32_t size;
    uint32_t content_crc32c; /* of the content as it was written; the reader verifies it */
    uint8_t id[16];
    uint64_t revision;   /* 1 for the first */
    int64_t created_at;  /* milliseconds since 1970-01-01T00:00:00Z */
    int64_t stored_at;   /* of this revision */
    int64_t time;        /* orders lists */
    articled_bytes content;
    articled_bytes key;  /* alternate key; empty if none */
} articled_record;

enum { ARTICLED_WRITE_PUT = 1, ARTICLED_WRITE_DELETE = 2 }; /* articled_write.kind */
enum {                                                      /* articled_write.flags */
    ARTICLED_WRITE_BY_ID = 1, /* `id` identifies the record. Otherwise `key` does, and `id` is for a new record */
};

/* One write. Writes are independent: each of one call may succeed or fail by itself. */
typedef struct articled_write {
    uint32_t size;
    uint32_t kind;
    uint32_t flags;
    uint32_t content_crc32c;    /* PUT: of `content`; the write is refused if it does not match */
    uint8_t id[16];
    articled_bytes key;         /* PUT: the alternate key (empty: none). DELETE without BY_ID: identifies the record */
    uint64_t expected_revision; /* 0: must not exist; n: must be at n; ARTICLED_ANY_REVISION: any */
    int64_t time;               /* orders lists; ARTICLED_NO_TIME: when the record was created */
    articled_bytes content;
    const articled_bytes *terms; /* under which the record is listed; each 1 to 255 bytes, no duplicates */
    size_t term_count;           /* at most 64 */
} articled_write;

enum { /* articled_written.outcome */
    ARTICLED_CREATED = 1,
    ARTICLED_UPDATED = 2,
    ARTICLED_UNCHANGED = 3, /* content, key, time and terms are the same: nothing written, same revision */
    ARTICLED_DELETED = 4,
    ARTICLED_REFUSED = 5,   /* nothing changed, unless `code` is OUTCOME_UNKNOWN. `code` says why: NOT_FOUND; CONFLICT
                               (`revision` is the current one, 0 if there is no record); ALREADY_EXISTS (the key belongs
                               to the record `id`); RESOURCE_EXHAUSTED (disk full, too large); UNAVAILABLE; DATA_LOSS;
                               INTERNAL. OUTCOME_UNKNOWN: the write may or may not take effect, now or after a restart,
                               for example because the disk failed between writing and syncing it */
};

typedef struct articled_written {
    uint32_t size;
    uint32_t outcome;
    uint32_t code;
    uint32_t reserved;
    uint8_t id[16];
    uint64_t revision;
    int64_t created_at;
    int64_t stored_at;
    articled_bytes message; /* if refused: the reason, for people */
} articled_written;

/* Selects records that have all of `terms`: newest `time` first, and for equal times the highest id first. */
typedef struct articled_query {
    uint32_t size;
    uint32_t after_valid;      /* 1: continue after (after_time, after_id), whether or not that record still exists */
    const articled_bytes *terms;
    size_t term_count;         /* 0: all records; at most 8 */
    int64_t from;              /* from <= time; INT64_MIN: no bound */
    int64_t until;             /* time < until; INT64_MAX: no bound */
    int64_t after_time;
    uint8_t after_id[16];
    uint64_t most;             /* the most records to visit */
} articled_query;

typedef struct articled_storage_statistics {
    uint32_t size;
    uint32_t reserved;
    uint64_t records;
    uint64_t used_bytes;      /* occupied by records and indexes */
    uint64_t file_bytes;      /* on disk */
    uint64_t transactions;    /* committed by this process */
    uint64_t writes;          /* in these transactions */
    /* Since 1.3; 0 from older engines. The last complete check of everything stored. */
    int64_t scrub_ended_at;   /* milliseconds since 1970-01-01T00:00:00Z; 0: there was none */
    uint64_t scrub_records;   /* records checked */
    uint64_t scrub_damaged;   /* findings */
    uint64_t scrub_running;   /* 1 while a check is running */
    /* Since 1.3; 0 from older engines. */
    int64_t backup_ended_at;  /* of the last complete backup, milliseconds since 1970-01-01T00:00:00Z; 0: there was none */
} articled_storage_statistics;

/* The functions of an engine. `engine` is the pointer that the plugin's `start` returned. Functions that return
 * uint32_t return a status code, and fill `failure` unless the code is ARTICLED_OK. */
typedef struct articled_storage {
    uint32_t size;
    uint32_t reserved;
    /* Calls `lend` once, before it returns, with a record that is valid until `lend` returns. NOT_FOUND: no record. */
    uint32_t (*get)(void *engine, const uint8_t id[16], void (*lend)(void *context, const articled_record *record),
                    void *context, articled_failure *failure);
    uint32_t (*get_by_key)(void *engine, articled_bytes key, void (*lend)(void *context, const articled_record *record),
                           void *context, articled_failure *failure);
    /* Calls `visit` for each match until it returns a value other than 0. The whole call sees one snapshot. For a record
     * too damaged to be read, `visit` receives id and time, no content, and a content_crc32c that does not match empty
     * content. So verifying the checksum detects it, and the records after it are still found. */
    uint32_t (*scan)(void *engine, const articled_query *query,
                     int32_t (*visit)(void *context, const articled_record *record), void *context,
                     articled_failure *failure);
    /* Takes the writes, and copies what it needs before it returns. Calls `done` exactly once, on any thread, when all of
     * them are on disk or refused. `results` has one result per write, in order, and is lent for the duration of `done`.
     * The writes of one call are applied in order, after those of earlier calls on the same thread. */
    void (*write)(void *engine, const articled_write *writes, size_t count,
                  void (*done)(void *context, const articled_written *results, size_t count), void *context);
    uint32_t (*statistics)(void *engine, articled_storage_statistics *statistics, articled_failure *failure);
    /* Since 1.2. Announces that this thread may read the record soon. The engine may prepare for it at next to no cost,
     * for example by prefetching memory. It must not wait. May be NULL. */
    void (*expect)(void *engine, const uint8_t id[16]);
} articled_storage;

/* ---- The plugin ---------------------------------------------------------------------------------------------- */

enum { /* articled_method.flags */
    ARTICLED_METHOD_STREAM_REQUEST = 1,
    ARTICLED_METHOD_STREAM_RESPONSE = 2,
    ARTICLED_METHOD_IDEMPOTENT = 4, /* a client may repeat the call if it does not know whether it was carried out */
};

typedef struct articled_method {
    uint32_t size;
    uint32_t flags;
    const char *name;          /* "store.put": two or more words of [a-z][a-zA-Z0-9]*, separated by dots; at most 63
                                  bytes. "service." is reserved for articled */
    const char *request_type;  /* message names, for people and tools: "articled.v1.PutRequest" */
    const char *response_type;
    uint32_t role;             /* the ARTICLED_ROLE_ needed to call it */
    uint32_t reserved;
} articled_method;

enum { /* articled_start.flags */
    /* Since 1.3. The administrator accepts that an engine drops what it cannot recover, and logs what it is. */
    ARTICLED_START_RECOVER = 1,
};

typedef struct articled_start {
    uint32_t size;
    uint32_t flags;
    void *log;                       /* for articled_host.log */
    articled_bytes configuration;    /* the plugin's section as JSON; "{}" if there is none */
    articled_bytes state_directory;  /* for the files of an engine */
    const articled_storage *storage; /* NULL unless the plugin needs storage */
    void *engine;                    /* the first argument of the storage's functions */
} articled_start;

enum { ARTICLED_HEALTHY = 0, ARTICLED_DEGRADED = 1, ARTICLED_UNHEALTHY = 2 };

enum { /* articled_plugin.flags */
    ARTICLED_PLUGIN_NEEDS_STORAGE = 1,
};

typedef struct articled_plugin {
    uint64_t magic;      /* ARTICLED_PLUGIN_MAGIC; the only member before the size */
    uint32_t size;
    uint32_t abi;        /* ARTICLED_ABI */
    const char *name;    /* of its configuration section and in the journal: [a-z][a-z0-9-]*, at most 63 bytes */
    const char *version; /* of the plugin */
    const char *runtime; /* the language runtime shared with the host: "swift-6.3.1"; "none" if it uses none */
    uint32_t flags;
    uint32_t method_count;
    const articled_method *const *methods; /* `method_count` pointers */

    /* Prepares the plugin, and sets *plugin, the first argument of the functions below. Returns a status code. If it
     * fails, or takes longer than the host's time limit, articled does not start. */
    uint32_t (*start)(const articled_host *host, const articled_start *start, void **plugin, articled_failure *failure);
    /* Handles a request for methods[method], on the request's loop. NULL if there are no methods. */
    void (*handle)(void *plugin, uint32_t method, articled_request *request);
    /* No new requests will come; those in flight continue. May be NULL. */
    void (*drain)(void *plugin);
    /* No request is in flight any more: release what must not be left to the exit of the process. May be NULL. */
    void (*stop)(void *plugin);
    /* Returns ARTICLED_HEALTHY etc. immediately, on any thread. The text goes to `failure->message`. May be NULL. */
    uint32_t (*health)(void *plugin, articled_failure *failure);
    /* The functions of the engine; NULL if the plugin provides no storage. */
    const articled_storage *storage;
    /* Applies a new section of the configuration, on any thread but a loop's. If it fails, the old one stays in use,
     * and the text is logged. NULL if the section is fixed at the start, as is one that it answers with UNIMPLEMENTED:
     * articled says that a change of it needs a restart. */
    uint32_t (*reload)(void *plugin, articled_bytes configuration, articled_failure *failure);
    /* Since 1.1. Checks a section of the configuration, and changes nothing. If `start` and `reload` would reject it,
     * the text contains everything that is wrong, one line for each problem. A line about a member begins with its path
     * within the section and a colon: "workers: ...", "a.b[2]: ...", "a[\"b c\"]: ..." (a name with spaces or punctuation
     * is a JSON string in brackets). articled adds the place in the configuration file: that of the member's name if the
     * text goes on with "unknown member", else that of its value. Called before `start`, with `{}` if there is no section,
     * and on any thread but a loop's. If it is NULL, only `start` and `reload` check. */
    uint32_t (*check)(articled_bytes configuration, articled_failure *failure);
    /* Since 1.2. Announces a request for methods[method], which is queued behind a few others. It will probably be passed
     * to `handle` soon, on this thread. This is the time to call `articled_storage.expect`. The message is lent for the
     * call. It is not checked yet, and may be damaged. May be NULL. */
    void (*expect)(void *plugin, uint32_t method, articled_bytes message);
} articled_plugin;

#define ARTICLED_PLUGIN_SYMBOL "articled_plugin_descriptor"
typedef const articled_plugin *(*articled_plugin_descriptor_function)(void);

#ifdef __cplusplus
}
#endif
#endif
