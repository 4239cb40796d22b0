// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_LOCK_H
#define CSN_MEMORY_LOCK_H

#include "layout.h"

/** Make a bucket's lock: shared between processes, robust. */
CSN_NODISCARD bool csn_lock_make(csn_bucket *bucket);

/** Undo csn_lock_make. */
void csn_lock_destroy(csn_bucket *bucket);

/**
 * Lock a bucket, waiting at most `wait_ms` of monotonic time (0: not at
 * all). When its owner died the bucket is emptied first (bucket.h).
 * Returns: whether it is locked, and then consistent.
 */
CSN_NODISCARD bool csn_lock_take(csn_counts *table, csn_bucket *bucket,
    unsigned wait_ms);

void csn_lock_give(csn_bucket *bucket);

#endif
