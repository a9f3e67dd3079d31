/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS 1.3 on non-blocking sockets, with OpenSSL 3.
 *
 * A context is what connections share: certificate, key, trust. It does not change once sessions use it, and any
 * thread may use it. A session is one connection. One thread at a time may use it.
 */
#ifndef CTLS_H
#define CTLS_H

#include <stddef.h>
#include <stdint.h>

typedef struct ctls_context ctls_context;
typedef struct ctls_session ctls_session;

/* What a call comes to. Positive results are bytes. */
enum {
    CTLS_DONE = 0,
    CTLS_WANT_READ = -1,
    CTLS_WANT_WRITE = -2,
    /* The peer sends no more. */
    CTLS_ENDED = -3,
    /* The session is broken: see ctls_failure. */
    CTLS_FAILED = -4,
};

/* Why a session is broken. */
enum {
    CTLS_NO_FAILURE = 0,
    /* The connection ended within the handshake. */
    CTLS_CLOSED,
    /* errno */
    CTLS_SYSTEM,
    /* The peer speaks something else. */
    CTLS_NOT_TLS,
    /* There is no version, cipher or group that both have. */
    CTLS_NO_COMMON_VERSION,
    /* The peer sent no certificate, or demands one. */
    CTLS_NO_CERTIFICATE,
    CTLS_EXPIRED,
    CTLS_NOT_YET_VALID,
    CTLS_UNKNOWN_AUTHORITY,
    CTLS_WRONG_HOST,
    /* Another fault of the peer's certificate. */
    CTLS_BAD_CERTIFICATE,
    /* The peer refused our certificate. */
    CTLS_REFUSED,
    /* The peer broke the protocol. */
    CTLS_PROTOCOL,
};

/* What is wrong with a file. */
enum {
    CTLS_FILE_OK = 0,
    CTLS_FILE_EMPTY,
    CTLS_FILE_INVALID,
    CTLS_FILE_ENCRYPTED,
    CTLS_FILE_MISMATCH,
};

enum { CTLS_VERIFY_NONE, CTLS_VERIFY_OPTIONAL, CTLS_VERIFY_REQUIRED };

enum {
    /* Bytes of memory that a session counts for while it holds nothing. */
    CTLS_SESSION_SIZE = 32 * 1024,
    /* Bytes of a record. */
    CTLS_RECORD_SIZE = 16384,
    CTLS_SCRATCH_SIZE = 64 * 1024,
};

/* NULL without memory. */
ctls_context *ctls_context_new(int is_server);
void ctls_context_free(ctls_context *context);

/* PEM files. The certificate comes first, then those of its authorities. `text` gets OpenSSL's reason. */
int ctls_context_use_certificate(ctls_context *context, const void *pem, size_t size, char *text, size_t room);
int ctls_context_use_key(ctls_context *context, const void *pem, size_t size, char *text, size_t room);
/* The authorities whose certificates are accepted from peers. */
int ctls_context_use_trust(ctls_context *context, const void *pem, size_t size, char *text, size_t room);
/* 0 if the system's authorities cannot be used. */
int ctls_context_use_system_trust(ctls_context *context);
void ctls_context_verify_clients(ctls_context *context, int mode);
/* Seconds since 1970 of the own certificate; 0 without one. */
int64_t ctls_context_not_before(const ctls_context *context);
int64_t ctls_context_not_after(const ctls_context *context);
/* The own certificate's names, as ctls_peer_names writes them. */
size_t ctls_context_names(const ctls_context *context, char *text, size_t room);

/* `scratch` has CTLS_SCRATCH_SIZE bytes, and is used only within calls. `host` is NULL for a server. For a client it is
 * the name or the numeric address that the peer's certificate must have. NULL without memory. */
ctls_session *ctls_session_new(ctls_context *context, int descriptor, void *scratch, const char *host);
/* Does not close the descriptor. */
void ctls_session_free(ctls_session *session);

/* CTLS_DONE, CTLS_WANT_READ, CTLS_WANT_WRITE or CTLS_FAILED */
int ctls_handshake(ctls_session *session);
/* Reads until `room` bytes are read or there are no more. Reads less than there is only if it returns `room`. */
long ctls_read(ctls_session *session, void *bytes, size_t room);
/* Writes one record at most. After CTLS_WANT_WRITE, the same bytes must come again; more may follow them. */
long ctls_write(ctls_session *session, const void *bytes, size_t size);
/* Says that no more is sent. Makes one attempt. */
void ctls_end(ctls_session *session);

/* Whether ctls_read has bytes that the socket does not report. */
int ctls_has_unread(const ctls_session *session);
/* Whether a part of a record has come. */
int ctls_has_partial(const ctls_session *session);
/* Bytes of memory that the session holds. */
size_t ctls_memory(const ctls_session *session);

int ctls_failure(const ctls_session *session);
/* What was wrong, for people: "certificate has expired", "tlsv1 alert unknown ca" */
const char *ctls_failure_text(const ctls_session *session);
/* errno of CTLS_SYSTEM. */
int ctls_failure_errno(const ctls_session *session);
/* The names in the certificate that was refused, each ended by a NUL. */
size_t ctls_refused_names(const ctls_session *session, const char **names);

/* The SHA-256 of the peer's certificate; 0 if it sent none. */
int ctls_peer_fingerprint(const ctls_session *session, uint8_t digest[32]);
/* The peer's subject alternative names: "dns:portal.example", "email:a@b", "uri:x", "ip:10.0.0.1", each ended by a NUL.
 * Returns the number of bytes. Names that have a NUL or do not fit are left out. */
size_t ctls_peer_names(const ctls_session *session, char *text, size_t room);
/* The peer's subject: "CN = portal". Returns the number of bytes. */
size_t ctls_peer_subject(const ctls_session *session, char *text, size_t room);
/* "TLSv1.3", "TLS_AES_128_GCM_SHA256" */
const char *ctls_version(const ctls_session *session);
const char *ctls_cipher(const ctls_session *session);

#endif
