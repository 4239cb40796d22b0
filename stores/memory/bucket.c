// SPDX-License-Identifier: MIT
#include "bucket.h"

#include "core/ct.h"
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

/* The line of one nonce and one kind: CSN_LINE_SESSION or 0. */
static csn_line *
find_line(const csn_place *place, const uint8_t id[CSN_ID_SIZE], uint16_t kind)
{
    csn_bucket *bucket = place->bucket;

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        csn_line *line = &bucket->lines[i];

        if (bucket->tags[i] == place->tag &&
            memcmp(line->id, id, CSN_ID_SIZE) == 0 &&
            (line->flags & CSN_LINE_SESSION) == kind)
            return line;
    }
    return NULL;
}

csn_line *
csn_bucket_find(const csn_place *place, const uint8_t id[CSN_ID_SIZE])
{
    return find_line(place, id, 0);
}

const csn_line *
csn_bucket_find_session(const csn_place *place, const uint8_t id[CSN_ID_SIZE])
{
    return find_line(place, id, CSN_LINE_SESSION);
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

/* Who is to make way for a nonce's lines; nothing is done yet. */
typedef struct plan {
    const csn_mark *mark;
    const csn_line *own; /* stays */
    size_t want;         /* lines of the newcomer */
    uint32_t gone;       /* bit i: line i makes way */
    size_t free;         /* free lines once those have gone */
    size_t first[2];     /* the same, nonce by nonce, */
    size_t second[2];    /* and where the session's key is, or NO_LINE */
    size_t goers;
    unsigned evicted; /* nonces that could still have been used */
} plan;

_Static_assert(CSN_COUNTS_WAYS == 32, "plan.gone has a bit for each line");

static bool
is_going(const plan *p, size_t i)
{
    return (p->gone >> i & 1) != 0;
}

/* Whether line i will still be in use. */
static bool
is_staying(const csn_bucket *bucket, const plan *p, size_t i)
{
    return bucket->tags[i] != 0 && !is_going(p, i);
}

/* Whether line i may be chosen. A session's goes when its nonce is chosen. */
static bool
is_candidate(const csn_bucket *bucket, const plan *p, size_t i)
{
    const csn_line *line = &bucket->lines[i];

    return is_staying(bucket, p, i) && line != p->own &&
        !csn_line_is_session(line);
}

/* The oldest of the lines that nobody can use any more, or NO_LINE. */
static size_t
find_dead(const csn_bucket *bucket, const plan *p)
{
    size_t found = NO_LINE;
    uint64_t oldest_ms = UINT64_MAX;

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        uint64_t minted_ms = csn_id_minted(bucket->lines[i].id);

        if (minted_ms < oldest_ms && is_candidate(bucket, p, i) &&
            csn_line_is_dead(&bucket->lines[i], p->mark->now_ms)) {
            oldest_ms = minted_ms;
            found = i;
        }
    }
    return found;
}

/* How many lines the user of each line has and, at the end, the newcomer's,
 * whose lines count as if they stood there. */
static void
count_lines(const csn_bucket *bucket, const plan *p,
    unsigned counts[CSN_COUNTS_WAYS + 1])
{
    uint64_t users[CSN_COUNTS_WAYS + 1];
    size_t first[CSN_COUNTS_WAYS + 1]; /* of the same user */

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++)
        memcpy(&users[i], bucket->lines[i].user_tag, sizeof(users[i]));
    memcpy(&users[CSN_COUNTS_WAYS], p->mark->user_tag, sizeof(users[0]));

    for (size_t i = 0; i <= CSN_COUNTS_WAYS; i++) {
        size_t same = 0;

        while (users[same] != users[i])
            same++;
        first[i] = same;
        counts[i] = 0;
        if (i == CSN_COUNTS_WAYS)
            counts[same] += (unsigned)p->want;
        else if (is_staying(bucket, p, i))
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
find_victim(const csn_bucket *bucket, const plan *p)
{
    unsigned counts[CSN_COUNTS_WAYS + 1];
    unsigned most = 0;
    uint64_t oldest_ms = UINT64_MAX;
    size_t victim = NO_LINE;

    count_lines(bucket, p, counts);
    for (size_t i = 0; i <= CSN_COUNTS_WAYS; i++) {
        if (counts[i] > most)
            most = counts[i];
    }
    if (most <= CSN_BUCKET_SHARE)
        most = 0; /* nobody has too many: all stand in one queue */

    for (size_t i = 0; i < CSN_COUNTS_WAYS; i++) {
        uint64_t minted_ms = csn_id_minted(bucket->lines[i].id);

        if (counts[i] >= most && minted_ms < oldest_ms &&
            is_candidate(bucket, p, i)) {
            oldest_ms = minted_ms;
            victim = i;
        }
    }
    /* One as old as the oldest stays: while the clock stands, its minting
     * time is the present. */
    if (counts[CSN_COUNTS_WAYS] >= most && p->mark->minted_ms < oldest_ms)
        return NO_LINE;
    return victim;
}

/* The line with the key of line i's session, or NO_LINE. */
static size_t
session_of(const csn_bucket *bucket, size_t i)
{
    const csn_place place = { (csn_bucket *)bucket, bucket->tags[i] };
    const csn_line *line = csn_bucket_find_session(&place,
        bucket->lines[i].id);

    return line != NULL ? (size_t)(line - bucket->lines) : NO_LINE;
}

static void
choose(const csn_bucket *bucket, plan *p, size_t i)
{
    size_t second = session_of(bucket, i);

    p->first[p->goers] = i;
    p->second[p->goers] = second;
    p->goers++;
    p->gone |= UINT32_C(1) << i;
    p->free++;
    if (second != NO_LINE) {
        p->gone |= UINT32_C(1) << second;
        p->free++;
    }
}

/* Choose until there is room; false: the newcomer is to make way. */
static bool
make_plan(const csn_bucket *bucket, plan *p)
{
    while (p->free < p->want) {
        size_t i = find_dead(bucket, p);

        if (i == NO_LINE) {
            i = find_victim(bucket, p);
            p->evicted++;
        }
        if (i == NO_LINE)
            return false;
        choose(bucket, p, i);
    }
    return true;
}

static void
carry_out(csn_counts *table, csn_bucket *bucket, const plan *p)
{
    for (size_t k = 0; k < p->goers; k++) {
        size_t i = p->first[k];
        size_t second = p->second[k];

        raise_horizon(table, bucket, csn_id_minted(bucket->lines[i].id));
        if (second != NO_LINE) {
            bucket->tags[second] = 0;
            CSN_STEP();
            /* Only now: a key of zeros must never be found. */
            csn_wipe(&bucket->lines[second], sizeof(bucket->lines[second]));
            CSN_STEP();
        }
        bucket->tags[i] = 0;
        CSN_STEP();
    }
    if (p->evicted != 0)
        atomic_fetch_add_explicit(&bucket->evictions, p->evicted,
            memory_order_relaxed);
}

/* Up to `want` free lines. */
static size_t
find_free(csn_bucket *bucket, size_t want, csn_line *rooms[2])
{
    size_t found = 0;

    for (size_t i = 0; i < CSN_COUNTS_WAYS && found < want; i++) {
        if (bucket->tags[i] == 0)
            rooms[found++] = &bucket->lines[i];
    }
    return found;
}

bool
csn_bucket_make_room(csn_counts *table, const csn_place *place,
    const csn_mark *mark, const csn_line *own, size_t want, csn_line *rooms[2])
{
    csn_bucket *bucket = place->bucket;
    plan p = { .mark = mark, .own = own, .want = want };

    p.free = find_free(bucket, want, rooms);
    if (p.free == want)
        return true;
    if (make_plan(bucket, &p)) {
        carry_out(table, bucket, &p);
        return find_free(bucket, want, rooms) == want;
    }
    if (own == NULL)
        raise_horizon(table, bucket, mark->minted_ms);
    return false;
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
    CSN_STEP();
    csn_wipe(bucket->lines, sizeof(bucket->lines));
    atomic_fetch_add_explicit(&bucket->owner_deaths, 1, memory_order_relaxed);
}
