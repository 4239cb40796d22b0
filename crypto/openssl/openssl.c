// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "digests.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <limits.h>
#include <pthread.h>
#include <string.h>

/*
 * Digests are fetched once: an implicit fetch per hash costs more than the
 * hash. Contexts are per thread and made anew only once per thread.
 */

typedef struct thread_contexts {
    EVP_MD_CTX *first;
    EVP_MD_CTX *second; /* the other end of a pair */
} thread_contexts;

/* Names as OpenSSL 3 has them (provider names). */
static const char *const names[CSN_HASH_COUNT] = {
    [CSN_HASH_MD5] = "MD5",
    [CSN_HASH_SHA_256] = "SHA2-256",
    [CSN_HASH_SHA_512_256] = "SHA2-512/256",
};

static EVP_MD *digests[CSN_HASH_COUNT];
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_key;
static bool is_usable;
static _Thread_local thread_contexts *own_contexts;

static void
free_contexts(void *memory)
{
    thread_contexts *contexts = memory;

    EVP_MD_CTX_free(contexts->first);
    EVP_MD_CTX_free(contexts->second);
    OPENSSL_free(contexts);
}

static void
fetch_digests(void)
{
    for (int i = 0; i < CSN_HASH_COUNT; i++)
        digests[i] = EVP_MD_fetch(NULL, names[i], NULL);
    is_usable = pthread_key_create(&contexts_key, free_contexts) == 0 &&
        (digests[CSN_HASH_SHA_256] != NULL ||
            digests[CSN_HASH_SHA_512_256] != NULL);
}

/* This thread's contexts; NULL when there is no memory for them. */
static thread_contexts *
get_contexts(void)
{
    thread_contexts *contexts = own_contexts;

    if (contexts != NULL)
        return contexts;
    contexts = OPENSSL_zalloc(sizeof(*contexts));
    if (contexts == NULL)
        return NULL;
    contexts->first = EVP_MD_CTX_new();
    contexts->second = EVP_MD_CTX_new();
    if (contexts->first == NULL || contexts->second == NULL ||
        pthread_setspecific(contexts_key, contexts) != 0) {
        free_contexts(contexts);
        return NULL;
    }
    own_contexts = contexts;
    return contexts;
}

/*
 * Most inputs here are a dozen short parts: gathered first they cost one
 * update instead of twelve.
 */
enum { GATHER_SIZE = 512 };

typedef struct gathered {
    size_t len;
    uint8_t octets[GATHER_SIZE];
} gathered;

static bool
flush(EVP_MD_CTX *context, gathered *g)
{
    bool ok = EVP_DigestUpdate(context, g->octets, g->len) == 1;

    explicit_bzero(g->octets, g->len); /* H(A1) is among the parts */
    g->len = 0;
    return ok;
}

/* A part for which there was no room. */
static bool
update_long(EVP_MD_CTX *context, gathered *g, csn_span part)
{
    if (!flush(context, g))
        return false;
    if (part.len > sizeof(g->octets))
        return EVP_DigestUpdate(context, part.ptr, part.len) == 1;
    memcpy(g->octets, part.ptr, part.len);
    g->len = part.len;
    return true;
}

static bool
update_parts(EVP_MD_CTX *context, const csn_span *parts, size_t count)
{
    gathered g;

    g.len = 0;
    for (size_t i = 0; i < count; i++) { /* `parts` may be NULL for none */
        const csn_span *part = &parts[i];

        if (part->len > sizeof(g.octets) - g.len) {
            if (!update_long(context, &g, *part))
                return false;
        } else if (part->len == 1) { /* every second one is a colon */
            g.octets[g.len++] = *part->ptr;
        } else if (part->len != 0) {
            memcpy(g.octets + g.len, part->ptr, part->len);
            g.len += part->len;
        }
    }
    return flush(context, &g);
}

const EVP_MD *
csn_openssl_digest(csn_hash hash)
{
    pthread_once(&fetch_once, fetch_digests);
    return (unsigned)hash < CSN_HASH_COUNT ? digests[hash] : NULL;
}

static bool
start(EVP_MD_CTX *context, csn_hash hash)
{
    return (unsigned)hash < CSN_HASH_COUNT && digests[hash] != NULL &&
        EVP_DigestInit_ex2(context, digests[hash], NULL) == 1;
}

static csn_status
digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    thread_contexts *contexts = get_contexts();

    if (contexts == NULL || !start(contexts->first, hash) ||
        !update_parts(contexts->first, parts, count) ||
        EVP_DigestFinal_ex(contexts->first, out, NULL) != 1)
        return CSN_E_CRYPTO;
    return CSN_OK;
}

static csn_status
digest_pair(csn_hash hash, const csn_span *shared, size_t count,
    csn_span tail_a, csn_span tail_b, uint8_t *out_a, uint8_t *out_b)
{
    thread_contexts *contexts = get_contexts();

    if (contexts == NULL || !start(contexts->first, hash) ||
        !update_parts(contexts->first, shared, count) ||
        EVP_MD_CTX_copy_ex(contexts->second, contexts->first) != 1 ||
        EVP_DigestUpdate(contexts->first, tail_a.ptr, tail_a.len) != 1 ||
        EVP_DigestUpdate(contexts->second, tail_b.ptr, tail_b.len) != 1 ||
        EVP_DigestFinal_ex(contexts->first, out_a, NULL) != 1 ||
        EVP_DigestFinal_ex(contexts->second, out_b, NULL) != 1)
        return CSN_E_CRYPTO;
    return CSN_OK;
}

static csn_status
draw_random(uint8_t *out, size_t len)
{
    if (len > INT_MAX || RAND_bytes(out, (int)len) != 1)
        return CSN_E_RANDOM;
    return CSN_OK;
}

const csn_crypto *
csn_crypto_openssl(void)
{
    static const csn_crypto table = {
        .version = CSN_CRYPTO_VERSION,
        .digest = digest,
        .digest_pair = digest_pair,
        .random = draw_random,
    };

    pthread_once(&fetch_once, fetch_digests);
    return is_usable ? &table : NULL;
}
