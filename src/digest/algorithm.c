// SPDX-License-Identifier: MIT
#include <countersign/algorithm.h>

#include "core/span.h"

/* RFC 7616, 6.1: the registered names, and what each stands for. */
static const struct {
    csn_span name;
    csn_hash hash;
    bool session;
} algorithms[CSN_ALG_COUNT] = {
    [CSN_ALG_MD5] = { CSN_LIT("MD5"), CSN_HASH_MD5, false },
    [CSN_ALG_MD5_SESS] = { CSN_LIT("MD5-sess"), CSN_HASH_MD5, true },
    [CSN_ALG_SHA_256] = { CSN_LIT("SHA-256"), CSN_HASH_SHA_256, false },
    [CSN_ALG_SHA_256_SESS] = { CSN_LIT("SHA-256-sess"), CSN_HASH_SHA_256,
        true },
    [CSN_ALG_SHA_512_256] = { CSN_LIT("SHA-512-256"), CSN_HASH_SHA_512_256,
        false },
    [CSN_ALG_SHA_512_256_SESS] = { CSN_LIT("SHA-512-256-sess"),
        CSN_HASH_SHA_512_256, true },
};

static const struct {
    csn_algorithm plain;
    size_t size;
} hashes[CSN_HASH_COUNT] = {
    [CSN_HASH_MD5] = { CSN_ALG_MD5, 16 },
    [CSN_HASH_SHA_256] = { CSN_ALG_SHA_256, 32 },
    [CSN_HASH_SHA_512_256] = { CSN_ALG_SHA_512_256, 32 },
};

csn_span
csn_algorithm_name(csn_algorithm algorithm)
{
    if ((unsigned)algorithm >= CSN_ALG_COUNT)
        return (csn_span){ NULL, 0 };
    return algorithms[algorithm].name;
}

csn_algorithm
csn_algorithm_find(csn_span name)
{
    for (unsigned i = 0; i < CSN_ALG_COUNT; i++) {
        if (csn_span_equal_nocase(name, algorithms[i].name))
            return (csn_algorithm)i;
    }
    return CSN_ALG_UNKNOWN;
}

csn_hash
csn_algorithm_hash(csn_algorithm algorithm)
{
    if ((unsigned)algorithm >= CSN_ALG_COUNT)
        return CSN_HASH_COUNT;
    return algorithms[algorithm].hash;
}

bool
csn_algorithm_is_session(csn_algorithm algorithm)
{
    return (unsigned)algorithm < CSN_ALG_COUNT &&
        algorithms[algorithm].session;
}

size_t
csn_hash_size(csn_hash hash)
{
    return (unsigned)hash < CSN_HASH_COUNT ? hashes[hash].size : 0;
}

csn_span
csn_hash_name(csn_hash hash)
{
    if ((unsigned)hash >= CSN_HASH_COUNT)
        return (csn_span){ NULL, 0 };
    return algorithms[hashes[hash].plain].name;
}
