// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* getrandom */
#include "arrange.h"

#include "rules.h"

#include <stdlib.h>
#include <sys/random.h>

/*
 * Placing a snapshot's rows in its indexes, under random keys. When a bucket
 * overflows or two tags collide (both next to impossible at a third of the
 * slots in use) another key, and a larger table, is tried.
 */

enum {
    ROWS_PER_BUCKET = 3, /* at most, of eight slots */
    ATTEMPTS = 16        /* each fails with less than 1 in 1000 */
};

bool
csn_users_key_random(uint8_t key[CSN_SIPHASH_KEY])
{
    /* Up to 256 octets come whole or not at all (getrandom(2)). */
    return getrandom(key, CSN_SIPHASH_KEY, 0) == CSN_SIPHASH_KEY;
}

/* One index: where a row belongs, and what asking for it finds. */
typedef struct way {
    csn_users_spot (*spot)(const csn_users *users, uint32_t number);
    uint32_t (*lookup)(const csn_users *users, uint32_t number);
    bool may_repeat; /* the earlier row is then the one found */
} way;

static csn_users_spot
spot_by_name(const csn_users *users, uint32_t number)
{
    csn_users_row row = csn_users_at(users, number - 1);

    return csn_users_spot_of(users, row.realm, row.user, row.hash);
}

static uint32_t
lookup_by_name(const csn_users *users, uint32_t number)
{
    csn_users_row row = csn_users_at(users, number - 1);

    return csn_users_lookup(users, row.realm, row.user, row.hash);
}

static csn_users_spot
spot_by_userhash(const csn_users *users, uint32_t number)
{
    csn_users_row row = csn_users_at(users, number - 1);

    return csn_users_hashed_spot_of(users, row.hash,
        csn_users_userhash_at(users, number - 1));
}

static uint32_t
lookup_by_userhash(const csn_users *users, uint32_t number)
{
    csn_users_row row = csn_users_at(users, number - 1);

    return csn_users_lookup_hashed(users, row.realm, row.hash,
        csn_users_userhash_at(users, number - 1));
}

static const way by_name = { spot_by_name, lookup_by_name, false };

/* MD5 of two names can be the same when somebody wants it so. Those are his
 * own names then, so that the later one cannot log in by hash does no harm;
 * refusing the file would. */
static const way by_userhash = { spot_by_userhash, lookup_by_userhash, true };

typedef enum placing { PLACED, CROWDED, REPEATED } placing;

/* Place all rows; on REPEATED, `*again` is the same as `*before`. */
static placing
place_all(csn_users *users, csn_users_index *index, const way *by,
    csn_users_repeat *repeat)
{
    for (uint32_t number = 1; number <= users->count; number++) {
        const uint32_t before = by->lookup(users, number);

        if (before != 0 && by->may_repeat)
            continue;
        if (before != 0) {
            *repeat = (csn_users_repeat){ before, number };
            return REPEATED;
        }
        if (!csn_users_index_place(index, by->spot(users, number), number))
            return CROWDED;
    }
    /* Two equal tags within reach of one another would hide a row. */
    for (uint32_t number = 1; number <= users->count; number++) {
        if (by->lookup(users, number) == 0)
            return CROWDED;
    }
    return PLACED;
}

static uint32_t
buckets_for(size_t rows)
{
    const size_t at_least = rows / ROWS_PER_BUCKET + 1;
    uint32_t buckets = 1;

    while (buckets < at_least)
        buckets *= 2;
    return buckets;
}

static csn_status
arrange(csn_users *users, csn_users_index *index, const way *by,
    csn_users_key_source key_source, csn_users_repeat *repeat,
    csn_users_error *error)
{
    uint32_t buckets = buckets_for(users->count);

    for (int i = 0; i < ATTEMPTS; i++) {
        if (!key_source(index->key))
            return csn_users_fail(error, CSN_E_RANDOM, "no random octets");
        if (!csn_users_index_make(index, buckets))
            return csn_users_fail(error, CSN_E_MEMORY, "no memory");
        switch (place_all(users, index, by, repeat)) {
        case PLACED:
            return CSN_OK;
        case REPEATED:
            return CSN_E_DUPLICATE;
        case CROWDED:
            break;
        }
        if (i % 2 != 0)
            buckets *= 2;
    }
    return csn_users_fail(error, CSN_E_RANDOM, "the random octets repeat");
}

csn_status
csn_users_arrange(csn_users *users, csn_users_key_source key_source,
    csn_users_repeat *repeat, csn_users_error *error)
{
    return arrange(users, &users->by_name, &by_name, key_source, repeat,
        error);
}

/* H(user ":" realm) of all rows: RFC 7616, 3.4.4; the base algorithm of the
 * entry, without any session part (C-33). */
static csn_status
hash_names(csn_users *users, const csn_crypto *crypto, csn_users_error *error)
{
    csn_status status = CSN_OK;

    for (size_t i = 0; i < users->count && status == CSN_OK; i++) {
        const csn_users_row row = csn_users_at(users, i);
        const csn_span parts[] = { row.user, CSN_SPAN(":"), row.realm };

        status = crypto->digest(row.hash, parts, 3,
            users->userhashes + i * CSN_MAX_DIGEST);
        if (status != CSN_OK)
            return csn_users_fail(error, CSN_E_CRYPTO,
                "an entry's algorithm, %s, cannot be computed here",
                (const char *)csn_users_hash_name(row.hash).ptr);
    }
    return CSN_OK;
}

csn_status
csn_users_arrange_hashed(csn_users *users, const csn_crypto *crypto,
    csn_users_key_source key_source, csn_users_error *error)
{
    csn_users_repeat none;
    csn_status status;

    /* Never nothing: an empty file has an index too. */
    users->userhashes = calloc(users->count + 1, CSN_MAX_DIGEST);
    if (users->userhashes == NULL)
        return csn_users_fail(error, CSN_E_MEMORY, "no memory");
    status = hash_names(users, crypto, error);
    if (status == CSN_OK)
        status = arrange(users, &users->by_userhash, &by_userhash, key_source,
            &none, error);
    return status;
}
