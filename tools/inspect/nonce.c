// SPDX-License-Identifier: MIT
#include "walk.h"

#include "digest/nonce.h"
#include "digest/params.h"

#include <string.h>
#include <time.h>

inspect_nonce *
inspect_nonce_find(const inspect_walk *walk, csn_layer layer, csn_span text)
{
    for (size_t i = walk->nonce_count; i-- > 0;) {
        inspect_nonce *nonce = walk->nonces[i];

        if (nonce->layer == layer && csn_text_same(nonce->text, text))
            return nonce;
    }
    return NULL;
}

inspect_nonce *
inspect_nonce_find_for(const inspect_walk *walk, csn_layer layer,
    csn_span text, csn_algorithm algorithm)
{
    for (size_t i = walk->nonce_count; i-- > 0;) {
        inspect_nonce *nonce = walk->nonces[i];

        if (nonce->layer == layer && csn_text_same(nonce->text, text) &&
            nonce->challenge != NULL &&
            inspect_params_algorithm(nonce->challenge) == algorithm)
            return nonce;
    }
    return inspect_nonce_find(walk, layer, text);
}

inspect_nonce *
inspect_nonce_add(inspect_walk *walk, csn_layer layer, csn_span text)
{
    const inspect_nonce *old = inspect_nonce_find(walk, layer, text);
    inspect_nonce *nonce = csn_pool_alloc(walk->pool, sizeof(*nonce));

    nonce->layer = layer;
    nonce->text = text;
    nonce->counts = old != NULL
        ? old->counts
        : csn_pool_alloc(walk->pool, sizeof(*nonce->counts));
    nonce->session = csn_pool_alloc(walk->pool, sizeof(*nonce->session));
    walk->nonces = csn_pool_grow(walk->pool, walk->nonces, walk->nonce_count,
        sizeof(inspect_nonce *));
    walk->nonces[walk->nonce_count++] = nonce;
    return nonce;
}

/* The words of a set, commas between. */
static const char *
add_word(csn_pool *pool, const char *words, csn_span word)
{
    return csn_pool_format(pool, "%s%s%.*s", words, *words == '\0' ? "" : ", ",
        (int)word.len, (const char *)word.ptr);
}

static const char *
offered(csn_pool *pool, unsigned flags)
{
    static const struct {
        unsigned flag;
        csn_span word;
    } others[] = {
        { CSN_NONCE_QOP_AUTH, CSN_LIT("qop auth") },
        { CSN_NONCE_QOP_AUTH_INT, CSN_LIT("qop auth-int") },
        { CSN_NONCE_ONE_TIME, CSN_LIT("one-time") },
        { CSN_NONCE_OPAQUE, CSN_LIT("with opaque") },
    };
    const char *words = "";

    for (unsigned i = 0; i < CSN_ALG_COUNT; i++) {
        if ((flags & 1u << i) != 0)
            words = add_word(pool, words,
                csn_algorithm_name((csn_algorithm)i));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if ((flags & others[i].flag) != 0)
            words = add_word(pool, words, others[i].word);
    }
    return words;
}

static const char *
when(csn_pool *pool, uint64_t ms)
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[64];

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return "?";
    return csn_pool_format(pool, "%s.%03u UTC", text, (unsigned)(ms % 1000));
}

void
inspect_describe_nonce(inspect_walk *walk, csn_span text,
    const inspect_params *challenge)
{
    uint8_t octets[CSN_NONCE_OCTETS];
    csn_nonce nonce;
    uint64_t domain = 0;
    csn_algorithm algorithm;

    if (csn_nonce_read(text, &nonce, octets) != CSN_OK)
        return;
    for (size_t i = 0; i < CSN_DOMAIN_SIZE; i++)
        domain = domain << 8 | nonce.domain[i];
    (void)inspect_say(&walk->report, INSPECT_NOTE, "nonce", CSN_R_NONE,
        "has the form of Countersign's: version %d, key %u, for %s, count "
        "domain %016llx, minted %s",
        CSN_NONCE_VERSION, nonce.key_id, offered(walk->pool, nonce.flags),
        (unsigned long long)domain, when(walk->pool, nonce.minted_ms));
    if (challenge == NULL)
        return;
    algorithm = inspect_params_algorithm(challenge);
    if (algorithm != CSN_ALG_UNKNOWN && (nonce.flags & 1u << algorithm) == 0)
        (void)inspect_say(&walk->report, INSPECT_WRONG, "algorithm",
            CSN_R_ALGORITHM_NOT_OFFERED,
            "this nonce was not made for that algorithm");
}
