/* SPDX-License-Identifier: Apache-2.0 */
/* A full-text index in a directory: the part of Lucene++ that the search plugin needs, as C functions.

   No exception leaves these functions: each that can fail returns a code, and fills a clucene_error if it is given one. Texts are UTF-8
   with a length, need no terminator, and are copied or used before the function returns. Fields are named by their index in the
   table that clucene_open is given.

   Threads: one thread at a time may change an index (update, delete, flush, refresh). clucene_commit may run on another thread meanwhile, and
   clucene_merge on a third one. A searcher may be used by any number of threads, also after the index was closed. */
#ifndef CLUCENE_H
#define CLUCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum clucene_code {
    CLUCENE_OK = 0,
    CLUCENE_FAILED = 1,      /* an error of the library, or wrong arguments */
    CLUCENE_DAMAGED = 2,     /* the files are damaged, incomplete, or of an unknown version */
    CLUCENE_IO = 3,          /* the operating system refused to read or write, for instance because the disk is full */
    CLUCENE_MEMORY = 4,
    CLUCENE_TOO_LONG = 5,    /* a search exceeded its time */
    CLUCENE_ABORTED = 6      /* a merge was stopped because the index is closed */
} clucene_code;

typedef struct clucene_error {
    clucene_code code;
    char message[256];       /* for people; ends with 0 */
} clucene_error;

typedef struct clucene_index clucene_index;
typedef struct clucene_searcher clucene_searcher;
typedef struct clucene_query clucene_query;

/* ---- Fields ------------------------------------------------------------------------------------------------------------------- */

typedef enum clucene_kind {
    CLUCENE_POSITIONS = 0,   /* terms with frequencies and positions: can be searched for phrases */
    CLUCENE_TERMS = 1,       /* terms without frequencies and positions */
    CLUCENE_KEYWORDS = 2,    /* values that are compared as a whole, and do not count their field's length */
    CLUCENE_NUMBER = 3,      /* one 64-bit integer */
    CLUCENE_ID = 4           /* the document's name, stored: at most one field */
} clucene_kind;

typedef struct clucene_field {
    const char *name;        /* ASCII */
    clucene_kind kind;
} clucene_field;

/* ---- An index ----------------------------------------------------------------------------------------------------------------- */

typedef struct clucene_settings {
    double buffer_mb;        /* memory for documents that are not yet in a segment */
    int32_t merge_factor;    /* segments of one size that are merged into one */
    double max_merge_mb;     /* segments that are larger are not merged any more */
} clucene_settings;

/* Opens the index in `directory`, or creates one. Nobody else may have it open: the caller sees to that. */
clucene_code clucene_open(const char *directory, const clucene_field *fields, size_t field_count, const clucene_settings *settings,
                          clucene_index **index, clucene_error *error);

/* Closes the index's files. What was not committed is dropped. A merge that runs is stopped, and waited for. Searchers stay usable, and
   queries can still be made; other functions fail. */
void clucene_close(clucene_index *index);

/* Releases the memory, after clucene_close. */
void clucene_free(clucene_index *index);

/* What the last commit was given under this key: at most `size` bytes. Returns its length, or 0. */
size_t clucene_committed(clucene_index *index, const char *key, char *value, size_t size);

/* The terms of one field, in order. */
typedef struct clucene_terms {
    uint32_t field;
    const uint8_t *bytes;    /* all terms, one after another */
    const uint32_t *ends;    /* where each term ends in `bytes` */
    size_t count;
    size_t gap_before;       /* index of a term that does not follow the one before it: a phrase does not go across; 0: none */
} clucene_terms;

/* Adds a document, or replaces the one with the same id. `numbers` has a value for each field of the kind NUMBER, in order. */
clucene_code clucene_update(clucene_index *index, const char *id, size_t id_size, const clucene_terms *terms, size_t terms_count,
                            const int64_t *numbers, size_t number_count, clucene_error *error);

/* Removes the document with this id, if there is one. */
clucene_code clucene_delete(clucene_index *index, const char *id, size_t id_size, clucene_error *error);

/* Writes all changes into files, which are not synced. */
clucene_code clucene_flush(clucene_index *index, clucene_error *error);

/* Brings all changes to disk, with texts that clucene_committed returns from then on: `pairs` times a key and a value, which end with 0. */
clucene_code clucene_commit(clucene_index *index, const char *const *keys_and_values, size_t pairs, clucene_error *error);

/* Calls `file` with the name of each file of the last commit. None of them changes any more, and those that are not needed are removed. */
clucene_code clucene_files(clucene_index *index, void (*file)(void *context, const char *name), void *context, clucene_error *error);

/* Merges segments, as long as there is something to merge. May take minutes. May run beside the thread that changes the index. */
clucene_code clucene_merge(clucene_index *index, clucene_error *error);

/* Whether clucene_merge has something to do. */
bool clucene_needs_merge(clucene_index *index);

typedef struct clucene_figures {
    uint64_t segments;
    uint64_t buffered_bytes; /* memory of documents that are not yet in a segment */
} clucene_figures;

clucene_figures clucene_index_figures(clucene_index *index);

/* ---- Searching ---------------------------------------------------------------------------------------------------------------- */

/* A searcher that sees all changes so far, committed or not. `number` is the field of the kind NUMBER that orders by time. `previous`,
   or NULL, gives it what has not changed since. */
clucene_code clucene_refresh(clucene_index *index, uint32_t number, clucene_searcher *previous, clucene_searcher **searcher,
                             clucene_error *error);

void clucene_searcher_release(clucene_searcher *searcher);

/* Documents that are not deleted. */
uint64_t clucene_documents(clucene_searcher *searcher);

/* How many documents have this term. */
clucene_code clucene_frequency(clucene_searcher *searcher, uint32_t field, const char *term, size_t size, uint64_t *count,
                               clucene_error *error);

/* Calls `visit` with each term of a field that at least `least` documents have, in order; with the first `most` of them. `deadline`:
   CLOCK_MONOTONIC in nanoseconds; 0: none. */
typedef void (*clucene_word)(void *context, const char *term, size_t size, uint64_t documents);
clucene_code clucene_words(clucene_searcher *searcher, uint32_t field, uint64_t least, size_t most, uint64_t deadline, clucene_word visit,
                           void *context, clucene_error *error);

/* Queries. Each function returns NULL if there is no memory. A query that is added to another one belongs to it. */
typedef enum clucene_occur { CLUCENE_MUST = 0, CLUCENE_SHOULD = 1, CLUCENE_MUST_NOT = 2 } clucene_occur;

clucene_query *clucene_term(clucene_index *index, uint32_t field, const char *term, size_t size, float boost);
/* All terms, one directly after another. */
clucene_query *clucene_phrase(clucene_index *index, const clucene_terms *terms, float boost);
/* A document's number: lower <= number < upper. */
clucene_query *clucene_range(clucene_index *index, uint32_t field, int64_t lower, int64_t upper);
/* The most frequent terms that begin so, at most `most` of them. Its documents all have the same score, the boost. */
clucene_query *clucene_prefix(clucene_index *index, clucene_searcher *searcher, uint32_t field, const char *prefix, size_t size,
                              size_t most, float boost);
clucene_query *clucene_everything(clucene_index *index);
clucene_query *clucene_boolean(clucene_index *index);
/* Consumes `part`. Returns false if there is no memory, or too many parts. */
bool clucene_boolean_add(clucene_query *query, clucene_query *part, clucene_occur occur);
/* How many of the parts that SHOULD match must. */
void clucene_boolean_minimum(clucene_query *query, int32_t count);
/* Consumes `query`: the same documents, but all with this score. */
clucene_query *clucene_constant(clucene_query *query, float score);
void clucene_query_free(clucene_query *query);

typedef enum clucene_order { CLUCENE_RELEVANCE = 0, CLUCENE_NEWEST = 1, CLUCENE_OLDEST = 2 } clucene_order;

typedef struct clucene_hit {
    int32_t document;
    float score;
    int64_t time;
} clucene_hit;

typedef struct clucene_request {
    const clucene_query *query;
    clucene_order order;     /* equal scores: newest first */
    size_t limit;            /* the size of `hits` */
    const clucene_hit *after; /* continue behind this one; NULL: the first page. A document of -1 stands before all others of its time */
    float recency;           /* a new document's score is multiplied by up to 1 + recency; 0: age does not matter */
    int64_t now;             /* in the unit of the times */
    int64_t half_life;       /* the age at which the advantage is half as large; greater than 0 */
    uint64_t deadline;       /* CLOCK_MONOTONIC in nanoseconds; 0: none */
    const uint32_t *facets;  /* fields of the kind KEYWORDS to count */
    size_t facet_count;
    void (*facet)(void *context, uint32_t field, const char *value, size_t size, uint64_t count); /* called for each value that hits have */
    void *context;
} clucene_request;

/* Searches. `hits` gets at most `limit` hits in order, `count` their number, `total` the number of all matching documents. */
clucene_code clucene_search(clucene_searcher *searcher, const clucene_request *request, clucene_hit *hits, size_t *count, uint64_t *total,
                            clucene_error *error);

/* The id of a hit's document: at most `size` bytes. Returns its length through `length`. */
clucene_code clucene_id(clucene_searcher *searcher, int32_t document, char *id, size_t size, size_t *length, clucene_error *error);

#ifdef __cplusplus
}
#endif

#endif
