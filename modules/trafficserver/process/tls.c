// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/*
 * The engine reads certificates once, at its start. So that a reload needs no
 * restart, each handshake gets the certificate of the world instead.
 */
struct csn_gw_certificate {
    X509 *leaf;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
};

static bool
openssl_fail(csn_gw_error *error, const char *path, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return csn_gw_fail(error, "%.300s: %s%s%s", path, what,
        reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* Leaf first, then the rest of the chain, as servers are used to it. */
static bool
read_chain(csn_gw_certificate *certificate, const char *path,
    csn_gw_error *error)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *next;

    if (file == NULL)
        return openssl_fail(error, path, "cannot be read");
    certificate->leaf = PEM_read_bio_X509(file, NULL, NULL, NULL);
    certificate->chain = sk_X509_new_null();
    if (certificate->leaf == NULL || certificate->chain == NULL) {
        BIO_free(file);
        return openssl_fail(error, path, "holds no certificate");
    }
    while ((next = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(certificate->chain, next) == 0) {
            X509_free(next);
            BIO_free(file);
            return csn_gw_fail(error, "no memory");
        }
    }
    ERR_clear_error(); /* the end of the file counts as one */
    BIO_free(file);
    return true;
}

static int
no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1; /* an encrypted key is refused rather than asked for */
}

static bool
read_key(csn_gw_certificate *certificate, const char *path,
    csn_gw_error *error)
{
    BIO *file = BIO_new_file(path, "r");

    if (file == NULL)
        return openssl_fail(error, path, "cannot be read");
    certificate->key = PEM_read_bio_PrivateKey(file, NULL, no_password, NULL);
    BIO_free(file);
    if (certificate->key == NULL)
        return openssl_fail(error, path, "holds no private key");
    if (X509_check_private_key(certificate->leaf, certificate->key) != 1)
        return openssl_fail(error, path, "does not fit the certificate");
    return true;
}

csn_gw_certificate *
csn_gw_certificate_load(const char *cert_path, const char *key_path,
    csn_gw_error *error)
{
    csn_gw_certificate *certificate = calloc(1, sizeof(*certificate));

    if (certificate == NULL) {
        csn_gw_fail(error, "no memory");
        return NULL;
    }
    if (!read_chain(certificate, cert_path, error) ||
        !read_key(certificate, key_path, error)) {
        csn_gw_certificate_free(certificate);
        return NULL;
    }
    return certificate;
}

void
csn_gw_certificate_free(csn_gw_certificate *certificate)
{
    if (certificate == NULL)
        return;
    X509_free(certificate->leaf);
    EVP_PKEY_free(certificate->key);
    sk_X509_pop_free(certificate->chain, X509_free);
    free(certificate);
}

int
csn_gw_on_tls(TSVConn connection)
{
    SSL *ssl = (SSL *)TSVConnSslConnectionGet(connection);
    csn_gw_thread *thread = csn_gw_thread_self();
    const csn_gw_world *world = csn_gw_world_enter(thread);
    const csn_gw_certificate *certificate = world->certificate;

    /* On failure the one the engine read at its start stays. */
    if (ssl != NULL && certificate != NULL &&
        SSL_use_cert_and_key(ssl, certificate->leaf, certificate->key,
            certificate->chain, 1) != 1)
        ERR_clear_error();
    csn_gw_world_leave(thread);
    TSVConnReenable(connection);
    return 0;
}
