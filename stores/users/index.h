// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_INDEX_H
#define CSN_STORES_USERS_INDEX_H

#include "core/siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An index over a snapshot's rows: a table of buckets with eight slots, one
 * cache line each. A row stands in one of two buckets that SipHash under the
 * index's own random key names, so nobody can choose names that meet there. A
 * lookup looks at all sixteen slots whatever it finds, and then compares with
 * exactly one row: the one found, or some other as a stand-in. So its work
 * depends on the lengths asked for and on nothing else (H-02, D-39).
 */

enum { CSN_USERS_SLOTS = 8 };

typedef struct csn_users_bucket {
    uint32_t tags[CSN_USERS_SLOTS];
    uint32_t rows[CSN_USERS_SLOTS]; /* row's number from 1; 0 is a free slot */
} csn_users_bucket;

typedef struct csn_users_index {
    uint8_t key[CSN_SIPHASH_KEY];
    csn_users_bucket *buckets; /* NULL: there is no such index */
    uint32_t mask;
} csn_users_index;

/* Where a text's buckets are, and how its slot is marked. */
typedef struct csn_users_spot {
    uint32_t first;
    uint32_t second;
    uint32_t tag;
    uint32_t spare; /* chooses the stand-in */
} csn_users_spot;

/* What a lookup found: a row's number from 1. */
typedef struct csn_users_candidate {
    uint32_t found;   /* 0 when no slot has the tag */
    uint32_t compare; /* with this row, whether it was found or stands in */
} csn_users_candidate;

csn_users_spot csn_users_index_spot(const csn_users_index *index,
    const uint8_t *text, size_t len);

/* In: `count` rows in the snapshot, at least one. */
csn_users_candidate csn_users_index_scan(const csn_users_index *index,
    csn_users_spot spot, size_t count);

/* Empty, of `buckets`, a power of two; false without memory. */
bool csn_users_index_make(csn_users_index *index, uint32_t buckets);

/* Into the emptier of the two buckets; false when both are full. */
bool csn_users_index_place(csn_users_index *index, csn_users_spot spot,
    uint32_t number);

void csn_users_index_free(csn_users_index *index);

#endif
