/* SPDX-License-Identifier: Apache-2.0 */
/* articled_plugin.h: the boundary between articled and its plugins.
 *
 * A plugin is a dynamic library that exports one symbol, articled_plugin_descriptor(). This header is the whole
 * interface: neither side depends on the other's language, runtime or data structures. Swift plugins do not use
 * it directly; HandlerKit does.
 *
 * General rules
 *  - Every structure that may grow begins with its size, as its author compiled it. A reader accesses a member only if
 *    it lies within that size, and otherwise takes it as 0: ARTICLED_HAS(pointer, member). New members are added at the
 *    end. As long as ARTICLED_ABI_MAJOR stays the same, no member is removed, moved or given another meaning.
 *  - Arrays of such structures are arrays of pointers, because the two sides may know different sizes.
 *  - Bytes are passed as (pointer, size). Only `const char *` is terminated by NUL. Text is UTF-8.
 *  - Arguments are lent for the duration of the call, unless the comment says otherwise.
 *  - No function throws, longjmps or unwinds across the boundary.
 *  - Threads: each request belongs to one event loop. `handle` and the events of a request are called on that
 *    loop's thread and must not block. Every host function that takes a request must be called on that thread;
 *    use `schedule` to get there from another thread. Storage functions may be called on any thread. Work that takes
 *    longer belongs on the plugin's background threads: `background`.
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
#define ARTICLED_ABI_MAJOR 2u /* must be the same on both sides */
#define ARTICLED_ABI_MINOR 1u /* tells which members an author could know; sizes decide */
#define ARTICLED_ABI ((ARTICLED_ABI_MAJOR << 16) | ARTICLED_ABI_MINOR)
#define ARTICLED_HAS(pointer, member) \
    ((pointer)->size >= offsetof(__typeof__(*(pointer)), member) + sizeof((pointer)->member))

typedef struct articled_bytes {
    const void *data; /* may be NULL when size is 0 */
    size_t size;
} articled_bytes;

typedef struct articled_self articled_self;       /* a plugin, as the host knows it */
typedef struct articled_loop articled_loop;       /* an event loop of the host */
typedef struct articled_request articled_request; /* a request in flight; the first members are below */
typedef struct articled_work articled_work;       /* a piece of background work */

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
    ARTICLED_OUT_OF_RANGE = 11, /* a position in the changes that the storage no longer knows */
    ARTICLED_UNIMPLEMENTED = 12,
    ARTICLED_INTERNAL = 13,
    ARTICLED_UNAVAILABLE = 14,
    ARTICLED_DATA_LOSS = 15,
    ARTICLED_PROTOCOL_ERROR = 17,
    ARTICLED_OUTCOME_UNKNOWN = 18, /* the write may or may not have taken effect */
};

/* Not a status: a storage function cannot answer without waiting. Use `articled_storage.read`. */
#define ARTICLED_MUST_WAIT 0x10000u

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
    ARTICLED_TOO_LARGE = 3, /* not sent: exceeds the peer's frame limit. A response becomes RESOURCE_EXHAUSTED; INTERNAL if a part has a size, but no bytes */
};

enum { /* log levels: syslog's, from sd-daemon(3) */
    ARTICLED_LOG_ERROR = 3,
    ARTICLED_LOG_WARNING = 4,
    ARTICLED_LOG_NOTICE = 5,
    ARTICLED_LOG_INFO = 6,
    ARTICLED_LOG_DEBUG = 7,
};

/* What becomes of a call of another plugin's method: see `articled_host.call`. Both functions run on the thread of the
 * call's event loop, possibly before `call` returns, and must not block. */
typedef struct articled_reply {
    uint32_t size;
    uint32_t reserved;
    void (*message)(void *context, uint64_t call, articled_bytes message); /* a message of the response; lent */
    /* The call has ended. Called exactly once, as the last one. `code` is a status code, `text` says why it failed. */
    void (*ended)(void *context, uint32_t code, articled_bytes text);
} articled_reply;

#define ARTICLED_CALL_WINDOW (1u << 20) /* bytes of a streamed response that may be on their way to the caller */
#define ARTICLED_CALL_DEPTH 8u          /* the most calls within calls */
#define ARTICLED_MAX_CALLS 1024u        /* calls without a request that one plugin may have open */

/* The functions of the host. The structure outlives the plugin. */
typedef struct articled_host {
    uint32_t size;
    uint32_t abi;
    const char *version; /* of articled */

    /* Any thread. */
    void (*log)(articled_self *self, uint32_t level, articled_bytes message);
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

    /* The functions below may be called on any thread. */

    /* While `start` runs: reports progress, with a text for people. The host's time limit for a start restarts with
     * each call, so that a long recovery is not aborted, but one that hangs is. */
    void (*starting)(articled_self *self, articled_bytes status);
    /* Calls `run(job, context)` on one of the plugin's background threads, in the order of the calls. A job may block.
     * The threads have a low priority. Each plugin has one, unless the configuration allows more, so that its background
     * work uses at most one processor. Jobs wait until all plugins have started. They still run after `stop` was called:
     * the service waits for them, up to its limit for a stop, so let them end soon then. */
    void (*background)(articled_self *self, void (*run)(void *job, void *context), void *job, void *context);
    /* Names a piece of background work in the metrics and the journal, from now until `work_end`. `code` is
     * ARTICLED_OK, or says why the work failed, with a text; then it is logged. Work that has not ended counts as running
     * even if none of its jobs runs, and the service waits for its end when it stops. */
    articled_work *(*work_begin)(articled_self *self, articled_bytes name);
    void (*work_end)(articled_work *work, uint32_t code, articled_bytes message);
    /* Calls another plugin's method with one request message, which is copied or lent to that plugin's `handle`. Methods
     * with a streamed request cannot be called.
     *
     * With a `request`, on its loop's thread: the call runs on the same loop, for the same peer, with the same roles. It is
     * cancelled when the request is ended or cancelled, and its deadline is not later. `deadline` may make it earlier.
     *
     * Without (NULL), on any thread: the call runs on a loop that the host chooses, with all roles. `deadline` limits it; 0
     * means 30 s, or no limit for an ENDLESS method. While `start` runs, and once the service is stopping, it ends with
     * UNAVAILABLE. Background work does not run before the service has started.
     *
     * A call can end with any status of the method, and with UNIMPLEMENTED (no such method), PERMISSION_DENIED (the request's
     * peer lacks the role), FAILED_PRECONDITION (more than ARTICLED_CALL_DEPTH calls within calls), RESOURCE_EXHAUSTED (too
     * many at a time) and those of `cancelled`. A call that cannot begin ends before `call` returns, on this thread.
     *
     * Returns the number of the call, or 0 if it has already ended. `reply` must stay valid until the call has ended. */
    uint64_t (*call)(articled_self *self, articled_request *request, const char *method, articled_bytes message,
                     uint64_t deadline, const articled_reply *reply, void *context);
    /* Streamed responses: returns credit for messages that were processed. `bytes` is the sum of their sizes, plus
     * ARTICLED_MESSAGE_OVERHEAD for each. Messages of the response come until ARTICLED_CALL_WINDOW is used up. */
    void (*call_consumed)(articled_self *self, uint64_t call, size_t bytes);
    /* Ends a call with CANCELLED. Does nothing if it has ended. */
    void (*call_cancel)(articled_self *self, uint64_t call);
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

enum { ARTICLED_WRITE_PUT = 1, ARTICLED_WRITE_DELETE = 2 }; /* articled_write.kind, articled_change.kind */
enum {                                                      /* articled_write.flags */
    ARTICLED_WRITE_BY_ID = 1, /* `id` identifies the record. Otherwise `key` does, and `id` is for a new record */
};

#define ARTICLED_MAX_WRITES 4096u /* of one call */

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
    /* An earlier form of `key`, or empty. A record that has it is the one that `key` identifies, and gets `key` instead. If
     * another record has `key`, it keeps this one. An older author has no such member: then it is empty. */
    articled_bytes former_key;
    int64_t created_at; /* PUT: when the record was created; 0: a new one now, an old one as before */
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

/* ---- Changes. Each write that changes a record gets a sequence number, greater than all before. For each record only the
 * latest change is kept: readers get the records in the order in which they were changed last. Deletions are kept for a
 * time that the engine's configuration sets. A change is visible once it is on disk. */

/* A place in the sequence of changes. Its bytes may be kept, and used after a restart. */
typedef struct articled_position {
    uint8_t epoch[16]; /* which history the number belongs to */
    uint64_t sequence;
} articled_position;

enum { /* articled_changes.from */
    ARTICLED_CHANGES_START = 0, /* all records, each with its latest change */
    ARTICLED_CHANGES_AFTER = 1, /* what was changed after `after` */
    ARTICLED_CHANGES_END = 2,   /* nothing: only `articled_changes_end.position` is wanted */
};

typedef struct articled_changes {
    uint32_t size;
    uint32_t from;
    articled_position after;
    uint64_t most;       /* the most changes to visit */
    uint64_t most_bytes; /* stop after a change with which their contents have this size or more */
} articled_changes;

typedef struct articled_change {
    uint32_t size;
    uint32_t kind; /* ARTICLED_WRITE_ */
    uint64_t sequence;
    /* As it is now. DELETE: only id, revision (the deleted one) and stored_at (when it was deleted) are set. A record that
     * is too damaged to be read has no content, and a content_crc32c that does not match, as in `scan`. */
    const articled_record *record;
} articled_change;

typedef struct articled_changes_end {
    uint32_t size;
    uint32_t more;              /* 1: there are more changes than were visited */
    articled_position position; /* continue after this */
} articled_changes_end;

/* ---- Reads that may wait. */

#define ARTICLED_MAX_RESULTS 65536u /* records or changes in one answer */

enum { /* articled_read.kind */
    ARTICLED_READ_ID = 1,
    ARTICLED_READ_KEY = 2,
    ARTICLED_READ_SCAN = 3,
    ARTICLED_READ_CHANGES = 4,
};

typedef struct articled_read {
    uint32_t size;
    uint32_t kind;
    uint64_t token;    /* for `cancel_read`; unique within the process */
    uint64_t deadline; /* CLOCK_MONOTONIC, nanoseconds, or ARTICLED_NO_DEADLINE: nobody needs the answer after that */
    uint8_t id[16];
    articled_bytes key;
    const articled_query *query;
    const articled_changes *changes;
    articled_loop *loop; /* calling `done` on this loop's thread is the fastest; NULL: on none */
} articled_read;

typedef struct articled_read_result {
    uint32_t size;
    uint32_t code;          /* a status code. NOT_FOUND: no record */
    articled_bytes message; /* why it failed, for people */
    const articled_record *const *records; /* ID and KEY: one. SCAN: in order */
    size_t record_count;
    uint32_t more;          /* SCAN: 1 if there are more records: continue after the last one */
    uint32_t reserved;
    const articled_change *const *changes; /* CHANGES: in order */
    size_t change_count;
    const articled_changes_end *end;       /* CHANGES */
} articled_read_result;

typedef struct articled_storage_statistics {
    uint32_t size;
    uint32_t reserved;
    uint64_t records;
    uint64_t used_bytes;      /* occupied by records and indexes */
    uint64_t file_bytes;      /* on disk */
    uint64_t transactions;    /* committed by this process */
    uint64_t writes;          /* in these transactions */
    /* The last complete check of everything stored. */
    int64_t scrub_ended_at;   /* milliseconds since 1970-01-01T00:00:00Z; 0: there was none */
    uint64_t scrub_records;   /* records checked */
    uint64_t scrub_damaged;   /* findings */
    uint64_t scrub_running;   /* 1 while a check is running */
    int64_t backup_ended_at;  /* of the last complete backup, milliseconds since 1970-01-01T00:00:00Z; 0: there was none */
} articled_storage_statistics;

/* The functions of an engine. `engine` is the pointer that the plugin's `start` returned. Functions that return
 * uint32_t return a status code, and fill `failure` unless the code is ARTICLED_OK.
 *
 * `get`, `get_by_key`, `scan` and `changes` are called on event loops, and must not wait, for example for a network. An
 * engine that would have to wait returns ARTICLED_MUST_WAIT before it has called anything, or has NULL there. Then the
 * caller uses `read`. An engine that never has to wait may have NULL for `read` and `cancel_read`. */
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
     * The writes of one call are applied in order, after those of earlier calls on the same thread. A call with more than
     * ARTICLED_MAX_WRITES writes changes nothing, and `done` receives no results. */
    void (*write)(void *engine, const articled_write *const *writes, size_t count,
                  void (*done)(void *context, const articled_written *const *results, size_t count), void *context);
    /* Returns at once, from memory: an engine that would have to ask tells what it knew last. */
    uint32_t (*statistics)(void *engine, articled_storage_statistics *statistics, articled_failure *failure);
    /* Announces that this thread may read the record soon. The engine may prepare for it at next to no cost, for example
     * by prefetching memory. It must not wait. May be NULL. */
    void (*expect)(void *engine, const uint8_t id[16]);
    /* Calls `visit` for each change, in order, until it returns a value other than 0, and fills `end`. OUT_OF_RANGE: the
     * position is unknown, or deletions behind it were already forgotten. Start from ARTICLED_CHANGES_START then, and
     * forget the records that do not come. */
    uint32_t (*changes)(void *engine, const articled_changes *query,
                        int32_t (*visit)(void *context, const articled_change *change), void *context,
                        articled_changes_end *end, articled_failure *failure);
    /* Calls `notify` on any thread when there may be new changes, until `unwatch_changes`. `notify` must return at once,
     * and must not call the engine. Returns NULL if there are no changes to watch. */
    void *(*watch_changes)(void *engine, void (*notify)(void *context), void *context);
    /* When this returns, `notify` is not running and will not be called. */
    void (*unwatch_changes)(void *engine, void *watch);
    /* Reads, and may wait. What `read` points to is copied before it returns. Calls `done` exactly once, on any thread,
     * possibly before it returns. The result is lent for the duration of `done`. A scan returns at most as many records
     * as the query allows, and may return fewer. */
    void (*read)(void *engine, const articled_read *read,
                 void (*done)(void *context, const articled_read_result *result), void *context);
    /* Nobody needs the answer any more. `done` is still called, as soon as the engine can. */
    void (*cancel_read)(void *engine, uint64_t token);
} articled_storage;

/* ---- The plugin ---------------------------------------------------------------------------------------------- */

enum { /* articled_method.flags */
    ARTICLED_METHOD_STREAM_REQUEST = 1,
    ARTICLED_METHOD_STREAM_RESPONSE = 2,
    ARTICLED_METHOD_IDEMPOTENT = 4, /* a client may repeat the call if it does not know whether it was carried out */
    ARTICLED_METHOD_ENDLESS = 8,    /* a stream without an end: only a deadline that the client sets applies */
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
    /* The administrator accepts that an engine drops what it cannot recover, and logs what it is. */
    ARTICLED_START_RECOVER = 1,
};

typedef struct articled_start {
    uint32_t size;
    uint32_t flags;
    articled_self *self;             /* for the functions of the host */
    articled_bytes configuration;    /* the plugin's section as JSON; "{}" if there is none */
    articled_bytes state_directory;  /* for the files of an engine */
    articled_bytes directory;        /* the plugin's own, which exists; empty unless it needs one */
    const articled_storage *storage; /* NULL unless the plugin needs storage */
    void *engine;                    /* the first argument of the storage's functions */
    articled_bytes stripped_parameters; /* of queries in URLs, which do not count when URLs are compared: "utm_*,fbclid" */
} articled_start;

enum { ARTICLED_HEALTHY = 0, ARTICLED_DEGRADED = 1, ARTICLED_UNHEALTHY = 2 };

enum { /* articled_plugin.flags */
    ARTICLED_PLUGIN_NEEDS_STORAGE = 1,
    ARTICLED_PLUGIN_NEEDS_DIRECTORY = 2, /* for files of its own, such as an index: `articled_start.directory` */
};

enum { ARTICLED_METRIC_COUNTER = 1, ARTICLED_METRIC_GAUGE = 2 }; /* articled_metric.kind */

#define ARTICLED_MAX_METRICS 256u /* of one plugin */

/* A figure of a plugin. In the metrics it is named articled_<plugin>_<name>, with "-" as "_"; a counter gets "_total".
 * Figures of one name have the same kind and unit, and differ in their labels. */
typedef struct articled_metric {
    uint32_t size;
    uint32_t kind;
    const char *name; /* [a-z][a-z0-9_]*, at most 63 bytes. With a unit, it ends in "_" and the unit */
    const char *help; /* one sentence */
    const char *unit; /* "seconds", "bytes"; NULL if it is a plain number */
    double value;     /* finite; a counter is not negative */
    const articled_bytes *labels; /* name and value of each in turn; names as above, values at most 256 bytes */
    size_t label_count;           /* of pairs; at most 8 */
} articled_metric;

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
    /* No request is in flight any more: end background work, and release what must not be left to the exit of the
     * process. May be NULL. */
    void (*stop)(void *plugin);
    /* Returns ARTICLED_HEALTHY etc. immediately, on any thread. The text goes to `failure->message`. May be NULL. */
    uint32_t (*health)(void *plugin, articled_failure *failure);
    /* The functions of the engine; NULL if the plugin provides no storage. */
    const articled_storage *storage;
    /* Applies a new section of the configuration, on any thread but a loop's. If it fails, the old one stays in use,
     * and the text is logged. NULL if the section is fixed at the start, as is one that it answers with UNIMPLEMENTED:
     * articled says that a change of it needs a restart. */
    uint32_t (*reload)(void *plugin, articled_bytes configuration, articled_failure *failure);
    /* Checks a section of the configuration, and changes nothing. If `start` and `reload` would reject it,
     * the text contains everything that is wrong, one line for each problem. A line about a member begins with its path
     * within the section and a colon: "workers: ...", "a.b[2]: ...", "a[\"b c\"]: ..." (a name with spaces or punctuation
     * is a JSON string in brackets). articled adds the place in the configuration file: that of the member's name if the
     * text goes on with "unknown member", else that of its value. Called before `start`, with `{}` if there is no section,
     * and on any thread but a loop's. If it is NULL, only `start` and `reload` check. */
    uint32_t (*check)(articled_bytes configuration, articled_failure *failure);
    /* Announces a request for methods[method], which is queued behind a few others. It will probably be passed
     * to `handle` soon, on this thread. This is the time to call `articled_storage.expect`. The message is lent for the
     * call. It is not checked yet, and may be damaged. May be NULL. */
    void (*expect)(void *plugin, uint32_t method, articled_bytes message);
    /* Names of plugins that start before this one, if they are there, and stop after it. The storage engine always does. Two
     * plugins that name each other do not start. */
    const char *const *after;
    uint32_t after_count; /* at most 16 */
    uint32_t reserved;
    /* Calls `emit` for each figure of the plugin, with a metric that is lent for the call; at most ARTICLED_MAX_METRICS are
     * used. Returns at once, on any thread, possibly several at a time. What is wrong with a figure is logged once, and the
     * figure is left out. May be NULL. */
    void (*metrics)(void *plugin, void (*emit)(void *context, const articled_metric *metric), void *context);
} articled_plugin;

#define ARTICLED_PLUGIN_SYMBOL "articled_plugin_descriptor"
typedef const articled_plugin *(*articled_plugin_descriptor_function)(void);

#ifdef __cplusplus
}
#endif
#endif
