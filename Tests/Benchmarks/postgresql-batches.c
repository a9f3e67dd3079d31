// SPDX-License-Identifier: Apache-2.0
// What libpq and the database can do by themselves: the transactions and reads of PostgreSQLStorage, by a plain program, with
// batches of a given size that are always full. `postgresql-engine` runs it beside articled.
//
//   postgresql-batches CONNINFO put BATCH SECONDS      one connection; prints articles per second
//   postgresql-batches CONNINFO get ARTICLES CONNECTIONS DEPTH SECONDS
//                                                      by id, among the first ARTICLES; DEPTH are on their way on each connection
//
// The articles are copies of those that are stored, with ids of their own.
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 1000, BYTEA = 17, INT8 = 20, UUID = 2950 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "postgresql-batches: %s: %s\n", what, why);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static PGconn *open_connection(const char *conninfo) {
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK) fail("connect", PQerrorMessage(connection));
    PQclear(PQexec(connection, "SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET statement_timeout = '10s'"));
    return connection;
}

static void prepare(PGconn *connection, const char *name, const char *text) {
    PGresult *result = PQprepare(connection, name, text, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(name, PQerrorMessage(connection));
    PQclear(result);
}

// -- Parameters in binary form

typedef struct {
    char *bytes;
    size_t size, capacity;
} Buffer;

static void append(Buffer *buffer, const void *bytes, size_t size) {
    while (buffer->size + size > buffer->capacity) {
        buffer->capacity = buffer->capacity ? 2 * buffer->capacity : 4096;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (!buffer->bytes) fail("memory", "none left");
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

static void append32(Buffer *buffer, int32_t value) {
    uint32_t big = htonl((uint32_t)value);
    append(buffer, &big, 4);
}

static void append64(Buffer *buffer, int64_t value) {
    append32(buffer, (int32_t)(value >> 32));
    append32(buffer, (int32_t)value);
}

static void begin_array(Buffer *buffer, int32_t type, int count) {
    buffer->size = 0;
    append32(buffer, count > 0);
    append32(buffer, 1); // there may be NULL
    append32(buffer, type);
    if (count == 0) return;
    append32(buffer, count);
    append32(buffer, 1);
}

static void element(Buffer *buffer, const void *bytes, int size) {
    append32(buffer, size);
    if (size > 0) append(buffer, bytes, size);
}

static void number(Buffer *buffer, int64_t value) {
    append32(buffer, 8);
    append64(buffer, value);
}

static void scalar(Buffer *buffer, int64_t value) {
    buffer->size = 0;
    append64(buffer, value);
}

static void send_query(PGconn *connection, const char *name, Buffer *parameters, int count) {
    const char *values[16];
    int lengths[16], formats[16];
    for (int i = 0; i < count; i++) {
        values[i] = parameters[i].bytes;
        lengths[i] = (int)parameters[i].size;
        formats[i] = 1;
    }
    if (!PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)) fail(name, PQerrorMessage(connection));
}

// Reads until the sync, and returns the last rows of the statement with this index.
static PGresult *finish(PGconn *connection, int wanted) {
    PGresult *kept = NULL;
    int index = 0;
    for (;;) {
        PGresult *result = PQgetResult(connection);
        if (!result) {
            index++;
            continue;
        }
        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC: PQclear(result); return kept;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            if (index == wanted && !kept) kept = result;
            else PQclear(result);
            break;
        default: fail("statement", PQresultErrorMessage(result));
        }
    }
}

// -- Puts

typedef struct {
    int64_t time, checksum;
    char *terms, *content;
    int terms_size, content_size;
} Sample;

static char *copy(PGresult *result, int row, int column, int *size) {
    *size = PQgetlength(result, row, column);
    char *bytes = malloc(*size + 1);
    memcpy(bytes, PQgetvalue(result, row, column), *size);
    return bytes;
}

static int64_t big(const char *bytes) {
    uint32_t parts[2];
    memcpy(parts, bytes, 8);
    return (int64_t)((uint64_t)ntohl(parts[0]) << 32 | ntohl(parts[1]));
}

static int sample(PGconn *connection, Sample *samples) {
    PGresult *result = PQexecParams(
        connection, "SELECT time, checksum, terms, content FROM articled.records ORDER BY id LIMIT 1000", 0, NULL, NULL, NULL,
        NULL, 1);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) fail("sample", PQresultErrorMessage(result));
    int count = PQntuples(result);
    if (count == 0) fail("sample", "no article is stored");
    for (int i = 0; i < count; i++) {
        samples[i].time = big(PQgetvalue(result, i, 0));
        samples[i].checksum = big(PQgetvalue(result, i, 1));
        samples[i].terms = copy(result, i, 2, &samples[i].terms_size);
        samples[i].content = copy(result, i, 3, &samples[i].content_size);
    }
    PQclear(result);
    return count;
}

#define NAMED                                                                                                                  \
    "SELECT unnest($1::uuid[]) AS id UNION SELECT k.id FROM unnest($2::bytea[]) AS w(key) "                                    \
    "CROSS JOIN LATERAL (SELECT x.id FROM articled.records x WHERE sha256(x.key) = sha256(w.key) LIMIT 1) k"

static void put(PGconn *connection, int batch, double seconds) {
    static Sample samples[SAMPLES];
    int count = sample(connection, samples);
    prepare(connection, "begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    prepare(connection, "lock",
        "SELECT r.id FROM (SELECT id FROM (" NAMED ") n ORDER BY id OFFSET 0) n "
        "CROSS JOIN LATERAL (SELECT x.id FROM articled.records x WHERE x.id = n.id FOR UPDATE) r");
    prepare(connection, "present",
        "SELECT r.id, r.revision, r.created_at, r.stored_at, r.time, r.checksum, r.key, r.terms, octet_length(r.content), "
        "CASE WHEN r.checksum = ANY($3::bigint[]) THEN r.content END "
        "FROM (" NAMED ") n CROSS JOIN LATERAL (SELECT * FROM articled.records x WHERE x.id = n.id LIMIT 1) r");
    prepare(connection, "number",
        "SELECT pg_current_xact_id()::text::bigint, "
        "(SELECT base FROM articled.about) + (pg_current_xact_id()::text::bigint << 16)");
    prepare(connection, "insert",
        "INSERT INTO articled.records (id, revision, sequence, created_at, stored_at, time, checksum, key, terms, content) "
        "SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], "
        "$7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[])");
    prepare(connection, "add_terms",
        "INSERT INTO articled.terms (term, time, id) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::uuid[])");
    prepare(connection, "remove_deletions", "DELETE FROM articled.deletions WHERE id = ANY($1::uuid[])");
    prepare(connection, "count",
        "INSERT INTO articled.totals AS t (slot, version, records, bytes) VALUES ($1::bigint, 1, $2::bigint, $3::bigint) "
        "ON CONFLICT (slot) DO UPDATE SET version = t.version + 1, records = t.records + excluded.records, "
        "bytes = t.bytes + excluded.bytes RETURNING slot, version, records, bytes");
    prepare(connection, "unlimited", "SET LOCAL statement_timeout = 0");
    prepare(connection, "commit", "COMMIT");
    PQenterPipelineMode(connection);

    Buffer p[10] = {{0}}, terms[3] = {{0}}, counts[3] = {{0}};
    char(*ids)[16] = calloc(batch, 16);
    uint64_t serial = 0;
    long done = 0;
    double start = now();
    while (now() - start < seconds) {
        int64_t time = (int64_t)(1000.0 * now());
        begin_array(&p[0], UUID, batch);
        begin_array(&p[1], BYTEA, 0);
        begin_array(&p[2], INT8, batch);
        for (int i = 0; i < batch; i++) { // UUIDv7: the time, then a number
            serial++;
            for (int b = 0; b < 6; b++) ids[i][b] = (char)(time >> (40 - 8 * b));
            ids[i][6] = 0x70, ids[i][7] = (char)(serial >> 24), ids[i][8] = (char)0x80;
            for (int b = 0; b < 4; b++) ids[i][9 + b] = (char)(serial >> (24 - 8 * b));
            for (int b = 13; b < 16; b++) ids[i][b] = (char)rand();
            element(&p[0], ids[i], 16);
            number(&p[2], samples[serial % count].checksum);
        }
        send_query(connection, "begin", NULL, 0);
        send_query(connection, "lock", p, 2);
        send_query(connection, "present", p, 3);
        send_query(connection, "number", NULL, 0);
        PQpipelineSync(connection);
        PGresult *answer = finish(connection, 3);
        int64_t sequence = big(PQgetvalue(answer, 0, 1));
        PQclear(answer);

        static const int32_t types[10] = {UUID, INT8, INT8, INT8, INT8, INT8, INT8, BYTEA, BYTEA, BYTEA};
        for (int column = 0; column < 10; column++) begin_array(&p[column], types[column], batch);
        int entries = 0;
        int64_t bytes = 0;
        for (int i = 0; i < batch; i++) {
            Sample *one = &samples[(serial - batch + 1 + i) % count];
            element(&p[0], ids[i], 16);
            number(&p[1], 1);
            number(&p[2], sequence + i);
            number(&p[3], time);
            number(&p[4], time);
            number(&p[5], one->time);
            number(&p[6], one->checksum);
            element(&p[7], NULL, -1);
            element(&p[8], one->terms, one->terms_size);
            element(&p[9], one->content, one->content_size);
            bytes += one->content_size;
            for (int at = 0; at < one->terms_size; at += 1 + (uint8_t)one->terms[at]) entries++;
        }
        begin_array(&terms[0], BYTEA, entries);
        begin_array(&terms[1], INT8, entries);
        begin_array(&terms[2], UUID, entries);
        for (int i = 0; i < batch; i++) {
            Sample *one = &samples[(serial - batch + 1 + i) % count];
            for (int at = 0; at < one->terms_size;) {
                int size = (uint8_t)one->terms[at];
                element(&terms[0], one->terms + at + 1, size);
                number(&terms[1], one->time);
                element(&terms[2], ids[i], 16);
                at += 1 + size;
            }
        }
        scalar(&counts[0], 1);
        scalar(&counts[1], batch);
        scalar(&counts[2], bytes);
        send_query(connection, "insert", p, 10);
        if (entries > 0) send_query(connection, "add_terms", terms, 3);
        send_query(connection, "remove_deletions", p, 1);
        send_query(connection, "count", counts, 3);
        send_query(connection, "unlimited", NULL, 0);
        send_query(connection, "commit", NULL, 0);
        PQpipelineSync(connection);
        PQclear(finish(connection, -1));
        done += batch;
    }
    printf("%.0f\n", done / (now() - start));
}

// -- Gets

typedef struct {
    PGconn *connection;
    int in_flight;
} Reader;

static void get(const char *conninfo, const char *articles, int connections, int depth, double seconds) {
    Reader *readers = calloc(connections, sizeof *readers);
    struct pollfd *polls = calloc(connections, sizeof *polls);
    for (int i = 0; i < connections; i++) {
        readers[i].connection = open_connection(conninfo);
        prepare(readers[i].connection, "get",
            "SELECT r.id, r.revision, r.created_at, r.stored_at, r.time, r.checksum, r.key, r.content "
            "FROM articled.records r WHERE r.id = $1::uuid");
    }
    PQclear(PQexec(readers[0].connection, "SET statement_timeout = 0"));
    const char *limit[] = {articles};
    PGresult *ids = PQexecParams(
        readers[0].connection, "SELECT id FROM articled.records ORDER BY id LIMIT $1::bigint", 1, NULL, limit, NULL, NULL, 1);
    if (PQresultStatus(ids) != PGRES_TUPLES_OK) fail("get", PQresultErrorMessage(ids));
    int count = PQntuples(ids);
    if (count == 0) fail("get", "no article is stored");
    for (int i = 0; i < connections; i++) {
        PQsetnonblocking(readers[i].connection, 1);
        PQenterPipelineMode(readers[i].connection);
        polls[i].fd = PQsocket(readers[i].connection);
        polls[i].events = POLLIN;
    }
    long done = 0;
    double start = now();
    while (now() - start < seconds) {
        for (int i = 0; i < connections; i++) {
            Reader *reader = &readers[i];
            while (reader->in_flight < depth) {
                const char *value = PQgetvalue(ids, (int)((uint32_t)rand() % (uint32_t)count), 0);
                int length = 16, format = 1;
                if (!PQsendQueryPrepared(reader->connection, "get", 1, &value, &length, &format, 1) ||
                    !PQpipelineSync(reader->connection))
                    fail("get", PQerrorMessage(reader->connection));
                reader->in_flight++;
            }
            PQflush(reader->connection);
        }
        poll(polls, connections, 1000);
        for (int i = 0; i < connections; i++) {
            Reader *reader = &readers[i];
            if (!(polls[i].revents & POLLIN)) continue;
            if (!PQconsumeInput(reader->connection)) fail("get", PQerrorMessage(reader->connection));
            int ends = 0;
            while (reader->in_flight > 0 && ends < 2 && !PQisBusy(reader->connection)) {
                PGresult *result = PQgetResult(reader->connection);
                if (!result) {
                    ends++;
                    continue;
                }
                ends = 0;
                if (PQresultStatus(result) == PGRES_TUPLES_OK) {
                    if (PQntuples(result) != 1) fail("get", "not found");
                    done++;
                } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
                    reader->in_flight--;
                } else {
                    fail("get", PQresultErrorMessage(result));
                }
                PQclear(result);
            }
        }
    }
    printf("%.0f\n", done / (now() - start));
}

int main(int count, char **words) {
    if (count == 5 && strcmp(words[2], "put") == 0) {
        put(open_connection(words[1]), atoi(words[3]), atof(words[4]));
    } else if (count == 7 && strcmp(words[2], "get") == 0) {
        get(words[1], words[3], atoi(words[4]), atoi(words[5]), atof(words[6]));
    } else {
        fail("usage", "CONNINFO put BATCH SECONDS, or CONNINFO get ARTICLES CONNECTIONS DEPTH SECONDS");
    }
}
