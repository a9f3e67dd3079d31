/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "internal.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Appends "KIND:NAME\0" if it fits. */
static size_t append(char *text, size_t room, size_t used, const char *kind, const void *name, size_t size)
{
    size_t prefix = strlen(kind);
    if (size == 0 || size > room || memchr(name, 0, size) || used + prefix + size + 1 > room) return used;
    memcpy(text + used, kind, prefix);
    memcpy(text + used + prefix, name, size);
    text[used + prefix + size] = 0;
    return used + prefix + size + 1;
}

size_t ctls_names(const X509 *certificate, char *text, size_t room)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    for (int index = 0; index < count; index++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        const ASN1_STRING *value = NULL;
        const char *kind = NULL;
        switch (name->type) {
        case GEN_DNS: value = name->d.dNSName; kind = "dns:"; break;
        case GEN_EMAIL: value = name->d.rfc822Name; kind = "email:"; break;
        case GEN_URI: value = name->d.uniformResourceIdentifier; kind = "uri:"; break;
        case GEN_IPADD: {
            char address[INET6_ADDRSTRLEN];
            int size = ASN1_STRING_length(name->d.iPAddress);
            if ((size == 4 || size == 16)
                && inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), address,
                             sizeof address))
                used = append(text, room, used, "ip:", address, strlen(address));
            break;
        }
        default: break;
        }
        if (value)
            used = append(text, room, used, kind, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    return used;
}

int ctls_verified(int is_ok, X509_STORE_CTX *store)
{
    if (is_ok) return 1;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    ctls_session *session = ssl ? SSL_get_app_data(ssl) : NULL;
    if (!session) return 0;
    session->verify_error = X509_STORE_CTX_get_error(store);
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);
    if (certificate && !session->refused_names) {
        session->refused_names = malloc(CTLS_NAMES_ROOM);
        if (session->refused_names)
            session->refused_names_size = ctls_names(certificate, session->refused_names, CTLS_NAMES_ROOM);
    }
    return 0;
}

size_t ctls_refused_names(const ctls_session *session, const char **names)
{
    *names = session->refused_names;
    return session->refused_names_size;
}

int ctls_peer_fingerprint(const ctls_session *session, uint8_t digest[32])
{
    unsigned size = 0;
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    return certificate && X509_digest(certificate, EVP_sha256(), digest, &size) == 1 && size == 32;
}

size_t ctls_peer_names(const ctls_session *session, char *text, size_t room)
{
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    return certificate ? ctls_names(certificate, text, room) : 0;
}

size_t ctls_peer_subject(const ctls_session *session, char *text, size_t room)
{
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    BIO *bio = certificate ? BIO_new(BIO_s_mem()) : NULL;
    if (!bio) return 0;
    size_t used = 0;
    if (X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        int count = BIO_read(bio, text, room > 1024 ? 1024 : (int)room);
        used = count > 0 ? (size_t)count : 0;
    }
    BIO_free(bio);
    ERR_clear_error();
    return used;
}
