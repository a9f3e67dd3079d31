/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"
#include <openssl/pem.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static const unsigned char protocol[] = "\x0a" "articled/1";
#define PROTOCOL_SIZE (sizeof protocol - 1)

/* ALPN: a client that names protocols must name ours. One that names none is welcome. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in,
                           unsigned in_size, void *context)
{
    (void)ssl;
    (void)context;
    unsigned char *selected;
    if (SSL_select_next_proto(&selected, out_size, protocol, PROTOCOL_SIZE, in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

/* An encrypted key is an error. OpenSSL would otherwise ask at the terminal. */
static int no_passphrase(char *text, int room, int writes, void *was_asked)
{
    (void)text;
    (void)room;
    (void)writes;
    if (was_asked) *(int *)was_asked = 1;
    return -1;
}

static void reason(char *text, size_t room)
{
    unsigned long code = ERR_peek_error();
    const char *found = code ? ERR_reason_error_string(code) : NULL;
    if (room > 0) {
        strncpy(text, found ? found : "", room - 1);
        text[room - 1] = 0;
    }
    ERR_clear_error();
}

/* OpenSSL would free what it shares when the program exits, while threads that nobody waits for still use it. */
static void initialize(void) { OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL); }

ctls_context *ctls_context_new(int is_server)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
    ctls_context *context = calloc(1, sizeof *context);
    if (!context) return NULL;
    context->is_server = is_server;
    context->ssl = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    context->method = ctls_bio_method();
    SSL_CTX *ssl = context->ssl;
    if (!ssl || !context->method || !SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION)
        || !SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION)
        || !SSL_CTX_set_ciphersuites(ssl,
                                     "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
        /* Cheap ones. The finite-field groups cost a server milliseconds. */
        || !SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384")) {
        ERR_clear_error();
        ctls_context_free(context);
        return NULL;
    }
    /* A client that ends without close_notify ends all the same: frames have lengths, and streams an end of their own, so
     * nothing that is cut off looks complete. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET
                                 | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA
                                 | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                              | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    /* No resumption: connections live long. Without tickets there is no early data either. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_max_early_data(ssl, 0);
    SSL_CTX_set_max_cert_list(ssl, 64 * 1024);
    SSL_CTX_set_verify_depth(ssl, 8);
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    SSL_CTX_set_verify(ssl, is_server ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, ctls_verified);
    if (is_server)
        SSL_CTX_set_alpn_select_cb(ssl, select_protocol, NULL);
    else
        SSL_CTX_set_alpn_protos(ssl, protocol, PROTOCOL_SIZE);
    return context;
}

void ctls_context_free(ctls_context *context)
{
    if (!context) return;
    SSL_CTX_free(context->ssl);
    free(context);
}

int ctls_context_use_certificate(ctls_context *context, const void *pem, size_t size, char *text, size_t room)
{
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio) return CTLS_FILE_INVALID;
    int result = CTLS_FILE_OK;
    X509 *certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
    if (!certificate) {
        result = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? CTLS_FILE_EMPTY : CTLS_FILE_INVALID;
    } else if (SSL_CTX_use_certificate(context->ssl, certificate) != 1) {
        result = CTLS_FILE_INVALID;
    }
    X509_free(certificate);
    for (int count = 0; result == CTLS_FILE_OK && count < 16; count++) {
        X509 *authority = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (!authority) {
            if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) result = CTLS_FILE_INVALID;
            break;
        }
        /* It takes the certificate over if it succeeds. */
        if (SSL_CTX_add0_chain_cert(context->ssl, authority) != 1) {
            X509_free(authority);
            result = CTLS_FILE_INVALID;
        }
    }
    BIO_free(bio);
    reason(text, room);
    return result;
}

int ctls_context_use_key(ctls_context *context, const void *pem, size_t size, char *text, size_t room)
{
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio) return CTLS_FILE_INVALID;
    int was_asked = 0;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &was_asked);
    int result = CTLS_FILE_OK;
    if (!key) {
        unsigned long code = ERR_peek_last_error();
        result = was_asked ? CTLS_FILE_ENCRYPTED
                 : ERR_GET_REASON(code) == PEM_R_NO_START_LINE || ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER
                     ? CTLS_FILE_EMPTY
                     : CTLS_FILE_INVALID;
    } else if (X509_check_private_key(SSL_CTX_get0_certificate(context->ssl), key) != 1) {
        result = CTLS_FILE_MISMATCH;
    } else if (SSL_CTX_use_PrivateKey(context->ssl, key) != 1) {
        result = CTLS_FILE_INVALID;
    }
    EVP_PKEY_free(key);
    BIO_free(bio);
    reason(text, room);
    return result;
}

int ctls_context_use_trust(ctls_context *context, const void *pem, size_t size, char *text, size_t room)
{
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio) return CTLS_FILE_INVALID;
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl);
    int result = CTLS_FILE_OK;
    int count = 0;
    for (;;) {
        X509 *authority = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
        if (!authority) {
            if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
                result = CTLS_FILE_INVALID;
            else if (count == 0)
                result = CTLS_FILE_EMPTY;
            break;
        }
        if (X509_STORE_add_cert(store, authority) != 1
            /* Clients are told which authorities count. A long list does not fit in a record. */
            || (context->is_server && count < 32 && SSL_CTX_add_client_CA(context->ssl, authority) != 1))
            result = CTLS_FILE_INVALID;
        X509_free(authority);
        if (result != CTLS_FILE_OK) break;
        count++;
    }
    BIO_free(bio);
    reason(text, room);
    return result;
}

int ctls_context_use_system_trust(ctls_context *context)
{
    int result = SSL_CTX_set_default_verify_paths(context->ssl) == 1;
    ERR_clear_error();
    return result;
}

void ctls_context_verify_clients(ctls_context *context, int mode)
{
    context->verifies = mode != CTLS_VERIFY_NONE;
    int flags = mode == CTLS_VERIFY_NONE       ? SSL_VERIFY_NONE
                : mode == CTLS_VERIFY_OPTIONAL ? SSL_VERIFY_PEER
                                               : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context->ssl, flags, ctls_verified);
}

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return (int64_t)timegm(&parts);
}

int64_t ctls_context_not_before(const ctls_context *context)
{
    X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    return certificate ? seconds(X509_get0_notBefore(certificate)) : 0;
}

int64_t ctls_context_not_after(const ctls_context *context)
{
    X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    return certificate ? seconds(X509_get0_notAfter(certificate)) : 0;
}

size_t ctls_context_names(const ctls_context *context, char *text, size_t room)
{
    X509 *certificate = SSL_CTX_get0_certificate(context->ssl);
    return certificate ? ctls_names(certificate, text, room) : 0;
}
