/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTLS_INTERNAL_H
#define CTLS_INTERNAL_H

#include "ctls.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define CTLS_NAMES_ROOM 4096

struct ctls_context {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    int is_server;
    int verifies;
};

struct ctls_session {
    SSL *ssl;
    int descriptor;
    int is_server;
    int is_established;

    /* Encrypted bytes that were received and OpenSSL has not taken: within a call in `scratch`, between calls in
     * `stash`. */
    unsigned char *scratch;
    unsigned char *stash;
    size_t stash_size;
    const unsigned char *in;
    size_t in_count;
    /* How much one recv may take. */
    size_t in_max;
    /* The socket had no more. It is not asked twice in a call. */
    int is_dry;
    int at_end;
    int socket_error;
    /* More records follow in this call's turn. */
    int more_follows;
    int is_write_blocked;

    /* KEY_UPDATEs of the peer since its last data. */
    unsigned key_updates;
    int is_flooded;

    int failure;
    char failure_text[256];
    int failure_errno;
    /* What the verification found. */
    int verify_error;
    char *refused_names;
    size_t refused_names_size;
};

/* The BIO between a session and its socket. */
BIO_METHOD *ctls_bio_method(void);
/* Remembers why a certificate was refused. */
int ctls_verified(int is_ok, X509_STORE_CTX *store);
size_t ctls_names(const X509 *certificate, char *text, size_t room);

#endif
