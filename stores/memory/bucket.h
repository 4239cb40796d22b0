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
 *
 * Two lines of one nonce come and go together. The second one, with the
 * session's key, is published last and taken away first, and its key is wiped
 * when it goes; wiped only then, for a key of zeros must never be found.
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

/** Its second line, or NULL. */
const csn_line *csn_bucket_find_session(const csn_place *place,
    const uint8_t id[CSN_ID_SIZE]);

/** Whether a nonce without a line may have had one. */
bool csn_bucket_is_behind(const csn_bucket *bucket, uint64_t minted_ms);

/**
 * Room for `want` lines of a nonce, 1 or 2, that nobody finds before
 * csn_bucket_publish; in one step: either for all of them, or nobody makes
 * way.
 *
 * In:      `own`, the nonce's first line when room is for the second one
 *          only; it does not make way. NULL: the nonce has no line and is not
 *          behind the horizon.
 * Returns: false when the bucket is full and the newcomer is the one to make
 *          way; the horizon is then raised to it unless it has a line.
 */
CSN_NODISCARD bool csn_bucket_make_room(csn_counts *table,
    const csn_place *place, const csn_mark *mark, const csn_line *own,
    size_t want, csn_line *rooms[2]);

/** From here on csn_bucket_find finds the line. */
void csn_bucket_publish(const csn_place *place, const csn_line *line);

/** Forget every line: its owner died half-way. Horizon = now. */
void csn_bucket_empty(csn_counts *table, csn_bucket *bucket);

#endif
