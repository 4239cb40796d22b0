// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_SNAPSHOT_H
#define CSN_STORES_USERS_SNAPSHOT_H

#include "buffer.h"
#include "index.h"
#include "row.h"

#include <stdatomic.h>

/*
 * The snapshot: rows in the order they were read, and two indexes over them
 * (index.h), one of names, the other of hashed names where it was asked for.
 * A lookup compares whole names, or whole hashes, with exactly one row.
 */

enum { CSN_USERS_DIGITS = CSN_MAX_DIGEST_HEX };

/* A row without its digest; offsets into the names. */
typedef struct csn_users_entry {
    uint32_t user_at;
    uint32_t realm_at;
    uint16_t user_len;
    uint16_t realm_len;
    uint8_t hash;
} csn_users_entry;

struct csn_users {
    atomic_size_t references;
    size_t count;
    csn_users_index by_name;
    csn_users_index by_userhash; /* without buckets: not asked for */
    csn_users_entry *entries;
    uint8_t *names;      /* readable for CSN_MAX_USER octets past its end */
    uint8_t *digests;    /* CSN_USERS_DIGITS each; left out of core files */
    uint8_t *userhashes; /* CSN_MAX_DIGEST each, or NULL */
    uint32_t *offered;   /* one row of each realm and hash, from 1; hashed */
    uint32_t offered_mask;
};

/* A row, for those who go through all of them. Lives as long as the snapshot.
 * In: `index` below csn_users_count(users). */
csn_users_row csn_users_at(const csn_users *users, size_t index);

csn_users_spot csn_users_spot_of(const csn_users *users, csn_span realm,
    csn_span user, csn_hash hash);

/* The number from 1 of the row itself, 0 when there is none. */
uint32_t csn_users_lookup(const csn_users *users, csn_span realm,
    csn_span user, csn_hash hash);

/* H(user ":" realm) of a row, binary. In: there is the index of them. */
const uint8_t *csn_users_userhash_at(const csn_users *users, size_t index);

csn_users_spot csn_users_hashed_spot_of(const csn_users *users, csn_hash hash,
    const uint8_t *userhash);

/* The number from 1 of the row with this hashed name, 0 when there is none.
 * In: `userhash`, csn_users_hash_digits / 2 octets. */
uint32_t csn_users_lookup_hashed(const csn_users *users, csn_span realm,
    csn_hash hash, const uint8_t *userhash);

/* The slot of `offered` that has `realm` and `hash`, or would have it. */
uint32_t *csn_users_offered_slot(const csn_users *users, csn_span realm,
    csn_hash hash);

/* Memory for digests, whole pages; NULL when there is none. */
uint8_t *csn_users_digests_map(size_t count);

/* Clear and free, whatever is there yet. */
void csn_users_destroy(csn_users *users);

/* What a snapshot is built from, row by row. Begin with zeros and `unit`. */
typedef struct csn_users_builder {
    const char *unit; /* what messages number: "line" or "row" */
    csn_users_buffer names;
    csn_users_buffer entries;
    csn_users_buffer digests;
    csn_users_buffer numbers; /* size_t each: line or row, for messages */
    uint32_t realm_at;        /* the last row's, written once per run */
    uint16_t realm_len;
    size_t realm_runs;
} csn_users_builder;

/* A csn_users_sink; the context is the builder. */
csn_status csn_users_builder_add(void *builder, const csn_users_row *row,
    size_t number, csn_users_error *error);

/* Draws a key; false when the generator failed. */
typedef bool (*csn_users_key_source)(uint8_t key[CSN_SIPHASH_KEY]);

bool csn_users_key_random(uint8_t key[CSN_SIPHASH_KEY]);

/*
 * Make the snapshot of all rows added.
 *
 * In:      `crypto`, NULL for no index of hashed names; `key_source`,
 *          csn_users_key_random outside tests.
 * Out:     `*users` on CSN_OK.
 * Returns: CSN_OK; CSN_E_DUPLICATE; CSN_E_RANDOM; CSN_E_CRYPTO; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_users_builder_finish(csn_users_builder *builder,
    const csn_crypto *crypto, csn_users_key_source key_source,
    csn_users **users, csn_users_error *error);

void csn_users_builder_free(csn_users_builder *builder);

#endif
