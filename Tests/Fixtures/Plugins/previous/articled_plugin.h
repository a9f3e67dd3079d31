/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen: the header as it was before plugins had health, storage and reload. A plugin that was built against it must
 * load for as long as ARTICLED_ABI_MAJOR is 1. The fixture previous-header is; nothing else uses it.
 *
 * articled_plugin.h: the boundary between articled and its plugins.
 *
 * A plugin is a dynamic library that exports one symbol, articled_plugin_descriptor(). This header is all that
 * a plugin needs to know of articled, and all that articled knows of a plugin: neither side sees the other's
 * language, runtime or data structures. In Swift nobody writes against it by hand: HandlerKit does.
 *
 * Rules that hold everywhere
 *  - Every structure begins with its size as its author compiled it. A reader touches a member only if it lies
 *    within that size: ARTICLED_HAS(pointer, member). New members are added at the end; none is removed, moved or
 *    given another meaning while ARTICLED_ABI_MAJOR stays the same.
 *  - Byte ranges are (pointer, size), never terminated by NUL unless declared `const char *`. Text is UTF-8.
 *    What is passed is lent for the time of the call, unless the comment says otherwise.
 *  - No function throws, longjmps or unwinds across the boundary.
 *  - Threads: each request belongs to one event loop. `handle` and the events of a request are called on that
 *    loop's thread and must not block; every host function that takes a request must be called on that thread.
 *    `schedule` is how another thread gets there. Storage functions may be called from any thread.
 *  - A library is loaded once, never unloaded. `start` is called once, from a thread of articled that is no event loop.
 */
#ifndef ARTICLED_PLUGIN_H
#define ARTICLED_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARTICLED_PLUGIN_MAGIC UINT64_C(0x4e494c5044545241) /* "ARTDPLIN", little-endian */
#define ARTICLED_ABI_MAJOR 1u /* must be equal on both sides */
#define ARTICLED_ABI_MINOR 0u /* tells only which members an author could know; sizes decide */
#define ARTICLED_ABI ((ARTICLED_ABI_MAJOR << 16) | ARTICLED_ABI_MINOR)
#define ARTICLED_HAS(pointer, member) \
    ((pointer)->size >= offsetof(__typeof__(*(pointer)), member) + sizeof((pointer)->member))

typedef struct articled_bytes {
    const void *data; /* may be NULL when size is 0 */
    size_t size;
} articled_bytes;

typedef struct articled_loop articled_loop;       /* an event loop; the host's own */
typedef struct articled_request articled_request; /* one request in flight; the first members are below */

/* ---- Status -------------------------------------------------------------------------------------------------
 * The codes of PROTOCOL.md, section "Status codes". 0 is success. A code that the host does not know reaches the
 * client as ARTICLED_INTERNAL. */
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
};

/* Where a callee writes why it failed. The caller owns the buffer; text is cut at a character's border. */
typedef struct articled_failure {
    uint32_t size;
    uint32_t code;         /* out: a status code */
    char *message;         /* in: where the text goes */
    size_t capacity;       /* in: bytes there */
    size_t message_size;   /* out: bytes written */
} articled_failure;

/* ---- Requests ------------------------------------------------------------------------------------------------ */

enum { /* articled_request.roles, articled_method.role */
    ARTICLED_ROLE_READ = 1,
    ARTICLED_ROLE_WRITE = 2,
    ARTICLED_ROLE_ADMIN = 4,
};

enum { /* articled_request.flags */
    ARTICLED_REQUEST_MORE = 1, /* the client streams: further messages come as events */
};

#define ARTICLED_NO_DEADLINE UINT64_MAX
#define ARTICLED_MESSAGE_OVERHEAD 16u /* what a streamed message costs of its credit beside its own bytes */
#define ARTICLED_NO_ID UINT32_MAX

/* What a plugin may read of a request. It stays valid until the plugin has ended the request (respond, finish,
 * fail), which it must do exactly once, on the loop's thread, also after a cancellation; then it is gone. */
struct articled_request {
    uint32_t size;
    uint32_t flags;
    articled_bytes payload; /* the request message; lent until `handle` returns */
    uint64_t deadline;      /* CLOCK_MONOTONIC, nanoseconds, or ARTICLED_NO_DEADLINE */
    uint64_t id;            /* unique in this process; the journal names it */
    articled_loop *loop;    /* for `schedule` */
    uint32_t roles;         /* what the peer may do */
    uint32_t peer_uid;      /* ARTICLED_NO_ID on TCP */
    uint32_t peer_gid;
    uint32_t peer_pid;
};

/* What may happen to a request that was not ended inside `handle`. Any function may be NULL. */
typedef struct articled_events {
    uint32_t size;
    uint32_t reserved;
    void (*message)(void *context, articled_request *request, articled_bytes message); /* streamed requests */
    void (*ended)(void *context, articled_request *request);    /* the client has sent its last message */
    void (*writable)(void *context, articled_request *request); /* `send` answered BLOCKED before; credit is back */
    void (*cancelled)(void *context, articled_request *request, uint32_t code);
    /* ^ the client cancelled (CANCELLED), the deadline passed (DEADLINE_EXCEEDED) or the connection went away
     *   (UNAVAILABLE): nothing that is sent from now on is delivered. Called at most once. The request must still be ended. */
} articled_events;

enum { /* what `send` and the functions that end a request answer */
    ARTICLED_SENT = 0,
    ARTICLED_BLOCKED = 1, /* not sent: no credit or no room; `writable` will tell */
    ARTICLED_GONE = 2,    /* not sent: nobody is there to receive it; end the request */
    ARTICLED_TOO_LARGE = 3, /* not sent: larger than the peer's frame limit. A response becomes RESOURCE_EXHAUSTED */
};

enum { /* log levels: syslog's, from sd-daemon(3) */
    ARTICLED_LOG_ERROR = 3,
    ARTICLED_LOG_WARNING = 4,
    ARTICLED_LOG_NOTICE = 5,
    ARTICLED_LOG_INFO = 6,
    ARTICLED_LOG_DEBUG = 7,
};

/* What the host offers. The structure outlives the plugin. */
typedef struct articled_host {
    uint32_t size;
    uint32_t abi;
    const char *version; /* of articled */

    /* Any thread. */
    void (*log)(void *plugin_log, uint32_t level, articled_bytes message);
    /* Any thread, wait-free for the caller but for a short lock: runs `run(job, context)` on the loop's thread, soon,
     * in the order of the calls of one thread. Always runs it, also while draining. */
    void (*schedule)(articled_loop *loop, void (*run)(void *job, void *context), void *job, void *context);
    /* Any thread: is it the loop's own? */
    int32_t (*is_current)(articled_loop *loop);

    /* The loop's thread only. Messages are given in parts, which are copied behind each other before the call
     * returns. `crc32c` is the CRC-32C of the parts together if it is known already, else NULL. */

    /* Ends a request with its one response message. */
    uint32_t (*respond)(articled_request *request, const articled_bytes *parts, size_t count, const uint32_t *crc32c);
    /* Sends one message of a streamed response; `finish` ends it. */
    uint32_t (*send)(articled_request *request, const articled_bytes *parts, size_t count, const uint32_t *crc32c);
    uint32_t (*finish)(articled_request *request);
    /* Ends a request with an error. `code` is not 0. */
    uint32_t (*fail)(articled_request *request, uint32_t code, articled_bytes message);
    /* Says what to call about this request. `events` must stay valid until the request is ended. At most once.
     * Messages that came before the call are delivered right after the current callback returns. */
    void (*watch)(articled_request *request, const articled_events *events, void *context);
    /* Streamed requests: the plugin is done with messages of `bytes` in all, each counted as its size plus
     * ARTICLED_MESSAGE_OVERHEAD; the client may send as many more. */
    void (*consumed)(articled_request *request, size_t bytes);
} articled_host;

/* ---- Storage ------------------------------------------------------------------------------------------------- *
 * An engine keeps records under a 16-byte id and, if a record has one, a unique alternate key (an article's
 * canonical URL). It knows ids, keys, revisions, times, terms and bytes; of articles it knows nothing. */

#define ARTICLED_ANY_REVISION UINT64_MAX
#define ARTICLED_NO_TIME INT64_MIN

typedef struct articled_record {
    uint32_t size;
    uint32_t content_crc32c; /* as it was written; a reader checks it */
    uint8_t id[16];
    uint64_t revision;   /* 1 for the first */
    int64_t created_at;  /* milliseconds since 1970-01-01T00:00:00Z */
    int64_t stored_at;   /* of this revision */
    int64_t time;        /* what lists are ordered by */
    articled_bytes content;
    articled_bytes key;  /* alternate key; empty if none */
} articled_record;

enum { ARTICLED_WRITE_PUT = 1, ARTICLED_WRITE_DELETE = 2 }; /* articled_write.kind */
enum {                                                      /* articled_write.flags */
    ARTICLED_WRITE_BY_ID = 1, /* `id` names the record. Without it, `key` names it, and `id` is what a new one gets */
};

/* One change. It stands by itself: another one of the same call may fail without it. */
typedef struct articled_write {
    uint32_t size;
    uint32_t kind;
    uint32_t flags;
    uint32_t content_crc32c;
    uint8_t id[16];
    articled_bytes key;         /* PUT: the record's alternate key (empty: none). DELETE without BY_ID: names the record */
    uint64_t expected_revision; /* 0: must not exist; n: must be at n; ARTICLED_ANY_REVISION: whatever is there */
    int64_t time;               /* order in lists; ARTICLED_NO_TIME: when the record was created */
    articled_bytes content;
    const articled_bytes *terms; /* exact terms that the record is found under, each 1 to 255 bytes, no duplicates */
    size_t term_count;           /* at most 64 */
} articled_write;

enum { /* articled_written.outcome */
    ARTICLED_CREATED = 1,
    ARTICLED_UPDATED = 2,
    ARTICLED_UNCHANGED = 3, /* the same content, key, time and terms were there: nothing written, revision kept */
    ARTICLED_DELETED = 4,
    ARTICLED_REFUSED = 5,   /* nothing changed; `code` says why: NOT_FOUND, CONFLICT (revision; `revision` tells the
                               present one, 0 if absent), ALREADY_EXISTS (the key belongs to the record `id`),
                               RESOURCE_EXHAUSTED (disk full, too large), UNAVAILABLE, DATA_LOSS, INTERNAL */
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
    articled_bytes message; /* for people, if refused */
} articled_written;

/* Records that have all of `terms`, newest `time` first, then highest id first. */
typedef struct articled_query {
    uint32_t size;
    uint32_t after_valid;      /* 1: continue behind (after_time, after_id), whether or not that record still exists */
    const articled_bytes *terms;
    size_t term_count;         /* 0: all records; at most 8 */
    int64_t from;              /* from <= time; INT64_MIN: no bound */
    int64_t until;             /* time < until; INT64_MAX: no bound */
    int64_t after_time;
    uint8_t after_id[16];
    uint64_t most;             /* at most so many records are visited */
} articled_query;

typedef struct articled_storage_statistics {
    uint32_t size;
    uint32_t reserved;
    uint64_t records;
    uint64_t used_bytes;      /* occupied by live data and indexes */
    uint64_t file_bytes;      /* on disk */
    uint64_t transactions;    /* committed by this process */
    uint64_t writes;          /* in them */
} articled_storage_statistics;

/* An engine's functions. `engine` is what the plugin's `start` returned. Functions that answer uint32_t answer a
 * status code, and fill `failure` if it is not ARTICLED_OK. */
typedef struct articled_storage {
    uint32_t size;
    uint32_t reserved;
    /* Calls `lend` once, before it returns, with a record that lives until `lend` returns. NOT_FOUND if there is none. */
    uint32_t (*get)(void *engine, const uint8_t id[16], void (*lend)(void *context, const articled_record *record),
                    void *context, articled_failure *failure);
    uint32_t (*get_by_key)(void *engine, articled_bytes key, void (*lend)(void *context, const articled_record *record),
                           void *context, articled_failure *failure);
    /* Calls `visit` for each match until it answers other than 0. One consistent view for the whole call. */
    uint32_t (*scan)(void *engine, const articled_query *query,
                     int32_t (*visit)(void *context, const articled_record *record), void *context,
                     articled_failure *failure);
    /* Takes the changes (copies what it needs before it returns) and calls `done` exactly once, from any thread,
     * when they are on disk or refused; `results` are in the order of `writes` and lent for the time of `done`.
     * Changes of one call are made in their order; a later call from the same thread comes after an earlier one. */
    void (*write)(void *engine, const articled_write *writes, size_t count,
                  void (*done)(void *context, const articled_written *results, size_t count), void *context);
    uint32_t (*statistics)(void *engine, articled_storage_statistics *statistics, articled_failure *failure);
} articled_storage;

/* ---- The plugin ---------------------------------------------------------------------------------------------- */

enum { /* articled_method.flags */
    ARTICLED_METHOD_STREAM_REQUEST = 1,
    ARTICLED_METHOD_STREAM_RESPONSE = 2,
    ARTICLED_METHOD_IDEMPOTENT = 4, /* a client may send it again when it does not know whether it was carried out */
};

typedef struct articled_method {
    uint32_t size;
    uint32_t flags;
    const char *name;          /* "store.put": two or more words of [a-z][a-zA-Z0-9]* with dots between; at most 63 bytes.
                                  "service." is articled's own */
    const char *request_type;  /* message names, for people and tools: "articled.v1.PutRequest" */
    const char *response_type;
    uint32_t role;             /* one ARTICLED_ROLE_: who may call it */
    uint32_t reserved;
} articled_method;

typedef struct articled_start {
    uint32_t size;
    uint32_t reserved;
    void *log;                       /* for articled_host.log */
    articled_bytes configuration;    /* the plugin's own section as JSON; "{}" if there is none */
    articled_bytes state_directory;  /* where an engine keeps its files */
    const articled_storage *storage; /* NULL unless the plugin needs storage */
    void *engine;                    /* its first argument */
} articled_start;

enum { /* articled_plugin.flags */
    ARTICLED_PLUGIN_NEEDS_STORAGE = 1,
};

typedef struct articled_plugin {
    uint64_t magic;      /* ARTICLED_PLUGIN_MAGIC; the one member before the size */
    uint32_t size;
    uint32_t abi;        /* ARTICLED_ABI */
    const char *name;    /* [a-z][a-z0-9-]*, at most 63 bytes; its configuration section, its name in the journal */
    const char *version; /* the plugin's own */
    const char *runtime; /* the language runtime shared with the host: "swift-6.3.1"; "none" if there is none to share */
    uint32_t flags;
    uint32_t method_count;
    const articled_method *const *methods; /* `method_count` pointers */

    /* Prepares the plugin; *plugin is the first argument of all that follows. Answers a status code. A plugin that
     * fails, or takes longer than the host's limit, keeps articled from starting. */
    uint32_t (*start)(const articled_host *host, const articled_start *start, void **plugin, articled_failure *failure);
    /* One request for methods[method]; on the request's loop. NULL if there are no methods. */
    void (*handle)(void *plugin, uint32_t method, articled_request *request);
    /* No new request will come; those in flight go on. May be NULL. */
    void (*drain)(void *plugin);
    /* No request is in flight; release what must not be left to the exit of the process. May be NULL. */
    void (*stop)(void *plugin);
} articled_plugin;

#define ARTICLED_PLUGIN_SYMBOL "articled_plugin_descriptor"
typedef const articled_plugin *(*articled_plugin_descriptor_function)(void);

#ifdef __cplusplus
}
#endif
#endif
