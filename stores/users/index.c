// SPDX-License-Identifier: MIT
#include "index.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(csn_users_bucket) == 64, "a bucket is a cache line");

csn_users_spot
csn_users_index_spot(const csn_users_index *index, const uint8_t *text,
    size_t len)
{
    uint8_t out[16];

    csn_siphash_128(index->key, text, len, out);
    return (csn_users_spot){
        .first = (uint32_t)csn_get_be(out, 4) & index->mask,
        .second = (uint32_t)csn_get_be(out + 4, 4) & index->mask,
        .tag = (uint32_t)csn_get_be(out + 8, 4),
        .spare = (uint32_t)csn_get_be(out + 12, 4),
    };
}

/* The row of the slot with this tag, without a branch on what is there. */
static uint32_t
scan_bucket(const csn_users_bucket *bucket, uint32_t tag, uint32_t found)
{
    for (int i = 0; i < CSN_USERS_SLOTS; i++) {
        uint32_t row = bucket->rows[i];
        uint32_t hit = 0u - (uint32_t)((bucket->tags[i] == tag) & (row != 0));

        found ^= (found ^ row) & hit;
    }
    return found;
}

csn_users_candidate
csn_users_index_scan(const csn_users_index *index, csn_users_spot spot,
    size_t count)
{
    uint32_t stand_in = (uint32_t)((uint64_t)spot.spare * count >> 32) + 1;
    uint32_t found = 0;
    uint32_t missed;

    found = scan_bucket(&index->buckets[spot.first], spot.tag, found);
    found = scan_bucket(&index->buckets[spot.second], spot.tag, found);
    missed = 0u - (uint32_t)(found == 0);
    return (csn_users_candidate){ found, found | (stand_in & missed) };
}

bool
csn_users_index_make(csn_users_index *index, uint32_t buckets)
{
    const size_t size = (size_t)buckets * sizeof(csn_users_bucket);

    free(index->buckets);
    index->mask = buckets - 1;
    index->buckets = aligned_alloc(sizeof(csn_users_bucket), size);
    if (index->buckets == NULL)
        return false;
    memset(index->buckets, 0, size);
    return true;
}

static int
used_slots(const csn_users_bucket *bucket)
{
    int used = 0;

    while (used < CSN_USERS_SLOTS && bucket->rows[used] != 0)
        used++;
    return used;
}

bool
csn_users_index_place(csn_users_index *index, csn_users_spot spot,
    uint32_t number)
{
    csn_users_bucket *bucket = &index->buckets[spot.first];
    csn_users_bucket *second = &index->buckets[spot.second];
    int used = used_slots(bucket);

    if (used_slots(second) < used) {
        bucket = second;
        used = used_slots(second);
    }
    if (used == CSN_USERS_SLOTS)
        return false;
    bucket->tags[used] = spot.tag;
    bucket->rows[used] = number;
    return true;
}

void
csn_users_index_free(csn_users_index *index)
{
    free(index->buckets);
    index->buckets = NULL;
}
