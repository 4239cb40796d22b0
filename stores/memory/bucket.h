// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_BUCKET_H
#define CSN_MEMORY_BUCKET_H

#include "layout.h"

/*
 * Lines come and go. Every function here needs the bucket's lock.
 *
 * The horizon: a nonce that has no line and was minted at or before it may
 * have had one. So
 *   - it is raised to a line's minting time before that line's place is used
 *     again, whether the line was good or expired;
 *   - it is raised to the minting time of a newcomer that is turned away;
 *   - it only grows;
 *   - the table's high-water mark stays above it, so that a nonce minted
 *     from here on is never born behind it, also when the clock stands.
 */

/**
 * A user's share of a full bucket, in lines. One who has more loses his own
 * before anybody else's; a quarter leaves room for the others even when
 * three users play the same game.
 */
#define CSN_BUCKET_SHARE (CSN_COUNTS_WAYS / 4)

/** Where a nonce's line would stand. */
typedef struct csn_place {
    csn_bucket *bucket;
    uint8_t tag; /* never 0 */
} csn_place;

/** The place of a nonce; needs no lock. */
csn_place csn_bucket_place(csn_counts *table, const uint8_t id[CSN_ID_SIZE]);

/** The nonce's line, or NULL. */
csn_line *csn_bucket_find(const csn_place *place,
    const uint8_t id[CSN_ID_SIZE]);

/** Whether a nonce without a line may have had one. */
bool csn_bucket_is_behind(const csn_bucket *bucket, uint64_t minted_ms);

/**
 * Room for a nonce that has no line and is not behind the horizon: a line
 * that nobody finds before csn_bucket_publish.
 *
 * Returns: NULL when the bucket is full and the newcomer is the one to make
 *          way; the horizon is then raised to it.
 */
csn_line *csn_bucket_make_room(csn_counts *table, const csn_place *place,
    const csn_mark *mark);

/** From here on csn_bucket_find finds the line. */
void csn_bucket_publish(const csn_place *place, const csn_line *line);

/** Forget every line: its owner died half-way. Horizon = now. */
void csn_bucket_empty(csn_counts *table, csn_bucket *bucket);

#endif
