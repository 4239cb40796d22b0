// SPDX-License-Identifier: MIT
#include "digests.h"

#include <openssl/crypto.h>

#include <stdbool.h>

/* A content hashed as it comes. The second context is for asking early. */
struct csn_openssl_hash {
    EVP_MD_CTX *running;
    EVP_MD_CTX *copy;
    bool failed;
};

csn_openssl_hash *
csn_openssl_hash_new(csn_hash hash)
{
    const EVP_MD *md = csn_openssl_digest(hash);
    csn_openssl_hash *made = NULL;

    if (md != NULL)
        made = OPENSSL_zalloc(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->running = EVP_MD_CTX_new();
    made->copy = EVP_MD_CTX_new();
    if (made->running == NULL || made->copy == NULL ||
        EVP_DigestInit_ex2(made->running, md, NULL) != 1) {
        csn_openssl_hash_free(made);
        return NULL;
    }
    return made;
}

csn_status
csn_openssl_hash_update(csn_openssl_hash *hash, csn_span octets)
{
    if (!hash->failed && octets.len != 0 &&
        EVP_DigestUpdate(hash->running, octets.ptr, octets.len) != 1)
        hash->failed = true;
    return hash->failed ? CSN_E_CRYPTO : CSN_OK;
}

csn_status
csn_openssl_hash_digest(const csn_openssl_hash *hash,
    uint8_t digest[CSN_MAX_DIGEST])
{
    if (hash->failed || EVP_MD_CTX_copy_ex(hash->copy, hash->running) != 1 ||
        EVP_DigestFinal_ex(hash->copy, digest, NULL) != 1)
        return CSN_E_CRYPTO;
    return CSN_OK;
}

void
csn_openssl_hash_free(csn_openssl_hash *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->running);
    EVP_MD_CTX_free(hash->copy);
    OPENSSL_free(hash);
}
