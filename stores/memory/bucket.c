// SPDX-License-Identifier: MIT
#include "bucket.h"

#include "line.h"

#include <string.h>

enum { NO_LINE = CSN_COUNTS_WAYS };

csn_place
csn_bucket_place(csn_counts *table, const uint8_t id[CSN_ID_SIZE])
{
    uint8_t key[CSN_DOMAIN_SIZE + CSN_ID_SIZE];
    uint64_t hash;
    uint8_t tag;

    memcpy(key, table->domain, CSN_DOMAIN_SIZE);
    memcpy(key + CSN_DOMAIN_SIZE, id, CSN_ID_SIZE);
    hash = csn_siphash(table->hash_key, key, sizeof(key));

    /* The upper half, scaled, chooses the bucket; the lower end the tag. */
    tag = (uint8_t)hash;
    return (csn_place){
        &table->buckets[(hash >> 32) * table->bucket_count >> 32],
        tag ? tag : 1,
    };
}

csn_line *
csn_bucket_find(const csn_place *place, const uint8_t id[CSN_ID_SIZE])
{
    csn_bucket *bucket = place->bucket;

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        if (bucket->tags[i] == place->tag &&
            memcmp(bucket->lines[i].id, id, CSN_ID_SIZE) == 0)
            return &bucket->lines[i];
    }
    return NULL;
}

bool
csn_bucket_is_behind(const csn_bucket *bucket, uint64_t minted_ms)
{
    return minted_ms <=
        atomic_load_explicit(&bucket->horizon, memory_order_relaxed);
}

static void
raise_horizon(csn_counts *table, csn_bucket *bucket, uint64_t to_ms)
{
    /* First the mark: a horizon must never be seen above it. */
    (void)csn_counts_now(table, to_ms + 1);
    CSN_STEP();
    if (!csn_bucket_is_behind(bucket, to_ms))
        atomic_store_explicit(&bucket->horizon, to_ms, memory_order_relaxed);
    CSN_STEP();
}

static size_t
find_free(const csn_bucket *bucket)
{
    size_t i = 0;

    while (i < CSN_COUNTS_WAYS && bucket->tags[i] != 0)
        i++;
    return i;
}

/* The oldest of the lines that nobody can use any more, or NO_LINE. */
static size_t
find_dead(const csn_bucket *bucket, uint64_t now_ms)
{
    size_t found = NO_LINE;
    uint64_t oldest_ms = UINT64_MAX;

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        uint64_t minted_ms = csn_id_minted(bucket->lines[i].id);

        if (minted_ms < oldest_ms &&
            csn_line_is_dead(&bucket->lines[i], now_ms)) {
            oldest_ms = minted_ms;
            found = i;
        }
    }
    return found;
}

/* How many lines the user of each line has and, at the end, the newcomer's,
 * whose line counts as if it stood there. */
static void
count_lines(const csn_bucket *bucket, const csn_mark *mark,
    unsigned counts[CSN_COUNTS_WAYS + 1])
{
    uint64_t users[CSN_COUNTS_WAYS + 1];
    size_t first[CSN_COUNTS_WAYS + 1]; /* of the same user */

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++)
        memcpy(&users[i], bucket->lines[i].user_tag, sizeof(users[i]));
    memcpy(&users[CSN_COUNTS_WAYS], mark->user_tag, sizeof(users[0]));

    for (size_t i = 0; i <= CSN_COUNTS_WAYS; i++) {
        size_t same = 0;

        while (users[same] != users[i])
            same++;
        first[i] = same;
        counts[i] = 0;
        counts[same]++;
    }
    for (size_t i = 0; i <= CSN_COUNTS_WAYS; i++)
        counts[i] = counts[first[i]];
}

/*
 * Who makes way in a bucket full of good lines: of those users who have the
 * most lines, if that is more than a share, and otherwise of everybody, the
 * nonce minted first. NO_LINE: the newcomer itself.
 */
static size_t
find_victim(const csn_bucket *bucket, const csn_mark *mark)
{
    unsigned counts[CSN_COUNTS_WAYS + 1];
    unsigned most = 0;
    uint64_t oldest_ms = UINT64_MAX;
    size_t victim = NO_LINE;

    count_lines(bucket, mark, counts);
    for (size_t i = 0; i <= CSN_COUNTS_WAYS; i++) {
        if (counts[i] > most)
            most = counts[i];
    }
    if (most <= CSN_BUCKET_SHARE)
        most = 0; /* nobody has too many: all stand in one queue */

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        uint64_t minted_ms = csn_id_minted(bucket->lines[i].id);

        if (counts[i] >= most && minted_ms < oldest_ms) {
            oldest_ms = minted_ms;
            victim = i;
        }
    }
    /* One as old as the oldest stays: while the clock stands, its minting
     * time is the present. */
    if (counts[CSN_COUNTS_WAYS] >= most && mark->minted_ms < oldest_ms)
        return NO_LINE;
    return victim;
}

static csn_line *
take_away(csn_counts *table, csn_bucket *bucket, size_t i)
{
    raise_horizon(table, bucket, csn_id_minted(bucket->lines[i].id));
    bucket->tags[i] = 0;
    CSN_STEP();
    return &bucket->lines[i];
}

csn_line *
csn_bucket_make_room(csn_counts *table, const csn_place *place,
    const csn_mark *mark)
{
    csn_bucket *bucket = place->bucket;
    size_t i = find_free(bucket);

    if (i != NO_LINE)
        return &bucket->lines[i];
    i = find_dead(bucket, mark->now_ms);
    if (i != NO_LINE)
        return take_away(table, bucket, i);
    i = find_victim(bucket, mark);
    if (i == NO_LINE) {
        raise_horizon(table, bucket, mark->minted_ms);
        return NULL;
    }
    atomic_fetch_add_explicit(&bucket->evictions, 1, memory_order_relaxed);
    return take_away(table, bucket, i);
}

void
csn_bucket_publish(const csn_place *place, const csn_line *line)
{
    CSN_STEP();
    place->bucket->tags[line - place->bucket->lines] = place->tag;
    CSN_STEP();
}

void
csn_bucket_empty(csn_counts *table, csn_bucket *bucket)
{
    uint64_t horizon_ms = csn_counts_now(table, 0);

    /* Every nonce marked here has a line or is behind the horizon. Where
     * nodes' clocks differ one may be ahead of the high-water mark. */
    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        uint64_t minted_ms = csn_id_minted(bucket->lines[i].id);

        if (bucket->tags[i] != 0 && minted_ms > horizon_ms)
            horizon_ms = minted_ms;
    }
    raise_horizon(table, bucket, horizon_ms);
    memset(bucket->tags, 0, sizeof(bucket->tags));
    memset(bucket->lines, 0, sizeof(bucket->lines));
    atomic_fetch_add_explicit(&bucket->owner_deaths, 1, memory_order_relaxed);
}
