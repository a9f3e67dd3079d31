/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "internal.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* So many KEY_UPDATEs in a row, without data, are an attack: each costs more than the bytes that it takes. */
#define MAX_KEY_UPDATES 32

/* MARK: The BIO */

static int bio_read(BIO *bio, char *bytes, int room)
{
    ctls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (room <= 0) return 0;
    if (session->key_updates > MAX_KEY_UPDATES) {
        session->is_flooded = 1;
        return -1;
    }
    if (session->in_count == 0) {
        if (session->is_dry) {
            BIO_set_retry_read(bio);
            return -1;
        }
        ssize_t count;
        do count = recv(session->descriptor, session->scratch, session->in_max, 0);
        while (count < 0 && errno == EINTR);
        if (count == 0) {
            session->at_end = 1;
            return 0;
        }
        if (count < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                session->is_dry = 1;
                BIO_set_retry_read(bio);
            } else {
                session->socket_error = errno;
            }
            return -1;
        }
        /* The poller is level-triggered: if there is more by now, it says so. */
        session->is_dry = (size_t)count < session->in_max;
        session->in = session->scratch;
        session->in_count = (size_t)count;
    }
    size_t count = session->in_count < (size_t)room ? session->in_count : (size_t)room;
    memcpy(bytes, session->in, count);
    session->in += count;
    session->in_count -= count;
    return (int)count;
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    ctls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t count;
    do count = send(session->descriptor, bytes, (size_t)size, MSG_NOSIGNAL | (session->more_follows ? MSG_MORE : 0));
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            BIO_set_retry_write(bio);
        else
            session->socket_error = errno;
    }
    return (int)count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    ctls_session *session = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return session ? session->at_end : 0;
    default: return 0;
    }
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *method;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "articled socket");
    if (made && BIO_meth_set_read(made, bio_read) && BIO_meth_set_write(made, bio_write)
        && BIO_meth_set_ctrl(made, bio_control) && BIO_meth_set_create(made, bio_create))
        method = made;
}

BIO_METHOD *ctls_bio_method(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_method);
    return method;
}

/* MARK: Sessions */

static void message_seen(int writes, int version, int type, const void *bytes, size_t size, SSL *ssl, void *argument)
{
    (void)version;
    (void)ssl;
    ctls_session *session = argument;
    if (writes || type != SSL3_RT_HANDSHAKE || size < 1) return;
    if (*(const unsigned char *)bytes == SSL3_MT_KEY_UPDATE) session->key_updates++;
}

/* Whether the host is a numeric address. */
static int is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

ctls_session *ctls_session_new(ctls_context *context, int descriptor, void *scratch, const char *host)
{
    ERR_clear_error();
    ctls_session *session = calloc(1, sizeof *session);
    SSL *ssl = session ? SSL_new(context->ssl) : NULL;
    BIO *bio = ssl ? BIO_new(context->method) : NULL;
    int is_ready = bio != NULL;
    if (is_ready) {
        session->ssl = ssl;
        session->descriptor = descriptor;
        session->scratch = scratch;
        session->is_server = context->is_server;
        session->verify_error = X509_V_OK;
        BIO_set_data(bio, session);
        SSL_set_bio(ssl, bio, bio);
        SSL_set_app_data(ssl, session);
        SSL_set_msg_callback(ssl, message_seen);
        SSL_set_msg_callback_arg(ssl, session);
        if (context->is_server) {
            SSL_set_accept_state(ssl);
        } else {
            SSL_set_connect_state(ssl);
            SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            if (!host)
                is_ready = 0;
            else if (is_address(host))
                is_ready = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
            else
                is_ready = SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
        }
    }
    ERR_clear_error();
    if (is_ready) return session;
    SSL_free(ssl);
    free(session);
    return NULL;
}

void ctls_session_free(ctls_session *session)
{
    SSL_free(session->ssl);
    free(session->stash);
    free(session->refused_names);
    free(session);
}

static void begin(ctls_session *session, size_t most)
{
    ERR_clear_error();
    session->is_dry = 0;
    session->in_max = most < CTLS_SCRATCH_SIZE ? most : CTLS_SCRATCH_SIZE;
}

static void fail(ctls_session *session, int failure, const char *text)
{
    if (session->failure != CTLS_NO_FAILURE) return;
    session->failure = failure;
    session->failure_errno = session->socket_error;
    strncpy(session->failure_text, text ? text : "", sizeof session->failure_text - 1);
}

/* Keeps what OpenSSL has not taken: others use the scratch memory after this. */
static void finish(ctls_session *session)
{
    if (session->in_count == 0) {
        free(session->stash);
        session->stash = NULL;
        session->stash_size = 0;
    } else if (session->in >= session->scratch && session->in < session->scratch + CTLS_SCRATCH_SIZE) {
        unsigned char *kept = malloc(session->in_count);
        if (!kept) {
            session->in_count = 0;
            return fail(session, CTLS_SYSTEM, "no memory");
        }
        memcpy(kept, session->in, session->in_count);
        free(session->stash);
        session->stash = kept;
        session->stash_size = session->in_count;
        session->in = kept;
    }
    ERR_clear_error();
}

static int verification_failure(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return CTLS_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return CTLS_NOT_YET_VALID;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return CTLS_WRONG_HOST;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return CTLS_UNKNOWN_AUTHORITY;
    default: return CTLS_BAD_CERTIFICATE;
    }
}

static int protocol_failure(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH: return CTLS_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_APPLICATION_PROTOCOL: return CTLS_NO_COMMON_VERSION;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return CTLS_NO_CERTIFICATE;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR: return CTLS_REFUSED;
    default: return CTLS_PROTOCOL;
    }
}

/* What a call that returned `result` comes to. */
static int outcome(ctls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ: return CTLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE: return CTLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        if (session->is_established) return CTLS_ENDED;
        fail(session, CTLS_CLOSED, "the connection was closed within the handshake");
        return CTLS_FAILED;
    default: break;
    }
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (session->is_flooded) {
        fail(session, CTLS_PROTOCOL, "too many key updates");
    } else if (session->socket_error) {
        fail(session, CTLS_SYSTEM, strerrordesc_np(session->socket_error));
    } else if (code && ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        fail(session, verification_failure(session->verify_error), X509_verify_cert_error_string(session->verify_error));
    } else if (code) {
        fail(session, ERR_GET_LIB(code) == ERR_LIB_SSL ? protocol_failure(reason) : CTLS_PROTOCOL,
             ERR_reason_error_string(code));
    } else {
        fail(session, CTLS_CLOSED, "the connection was closed");
    }
    return CTLS_FAILED;
}

int ctls_handshake(ctls_session *session)
{
    if (session->failure) return CTLS_FAILED;
    begin(session, CTLS_SCRATCH_SIZE);
    int result = SSL_do_handshake(session->ssl);
    int answer = result == 1 ? CTLS_DONE : outcome(session, result);
    if (answer == CTLS_DONE) session->is_established = 1;
    finish(session);
    return session->failure ? CTLS_FAILED : answer;
}

long ctls_read(ctls_session *session, void *bytes, size_t room)
{
    if (session->failure) return CTLS_FAILED;
    /* What does not fit would have to be kept. */
    begin(session, room + 512);
    size_t used = 0;
    int answer = CTLS_DONE;
    while (used < room) {
        size_t count = 0;
        int result = SSL_read_ex(session->ssl, (char *)bytes + used, room - used, &count);
        if (result != 1) {
            /* An end or a failure comes again with the next call. */
            answer = outcome(session, result);
            break;
        }
        session->key_updates = 0;
        used += count;
    }
    finish(session);
    if (used > 0) return (long)used;
    return session->failure ? CTLS_FAILED : answer;
}

long ctls_write(ctls_session *session, const void *bytes, size_t size)
{
    if (session->failure) return CTLS_FAILED;
    begin(session, CTLS_SCRATCH_SIZE);
    /* Always whole records: after a blocked attempt, the next one must not be shorter than it was. */
    size_t chunk = size < CTLS_RECORD_SIZE ? size : CTLS_RECORD_SIZE;
    session->more_follows = size > chunk;
    size_t count = 0;
    int result = SSL_write_ex(session->ssl, bytes, chunk, &count);
    session->more_follows = 0;
    int answer = result == 1 ? CTLS_DONE : outcome(session, result);
    session->is_write_blocked = answer == CTLS_WANT_WRITE;
    finish(session);
    if (session->failure) return CTLS_FAILED;
    return answer == CTLS_DONE ? (long)count : answer;
}

void ctls_end(ctls_session *session)
{
    if (session->failure || !session->is_established) return;
    begin(session, CTLS_SCRATCH_SIZE);
    (void)SSL_shutdown(session->ssl);
    finish(session);
}

int ctls_has_unread(const ctls_session *session)
{
    /* An end or a failure that came behind data has not been told yet. */
    return session->in_count > 0 || session->failure || SSL_pending(session->ssl) > 0
           || SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN;
}

int ctls_has_partial(const ctls_session *session) { return SSL_has_pending(session->ssl); }

size_t ctls_memory(const ctls_session *session)
{
    size_t record = CTLS_RECORD_SIZE + 1024;
    return CTLS_SESSION_SIZE + session->stash_size + (SSL_has_pending(session->ssl) ? record : 0)
           + (session->is_write_blocked ? record : 0);
}

int ctls_failure(const ctls_session *session) { return session->failure; }
const char *ctls_failure_text(const ctls_session *session) { return session->failure_text; }
int ctls_failure_errno(const ctls_session *session) { return session->failure_errno; }
const char *ctls_version(const ctls_session *session) { return SSL_get_version(session->ssl); }
const char *ctls_cipher(const ctls_session *session)
{
    const char *name = SSL_get_cipher_name(session->ssl);
    return name ? name : "";
}
