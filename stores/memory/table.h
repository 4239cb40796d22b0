// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_TABLE_H
#define CSN_MEMORY_TABLE_H

#include "layout.h"

/**
 * Whether init finished this table and nobody wiped it. A private table that
 * its owner keeps from children (MADV_WIPEONFORK) is all zeros there.
 */
static inline bool
csn_table_is_finished(const csn_counts *table)
{
    return atomic_load_explicit(&table->magic, memory_order_acquire) ==
        CSN_TABLE_MAGIC;
}

#endif
