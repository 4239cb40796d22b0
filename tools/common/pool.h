// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_COMMON_POOL_H
#define COUNTERSIGN_TOOLS_COMMON_POOL_H

#include <countersign/span.h>

/*
 * Memory that lives as long as one job. Forms of a password are tried in
 * it, so it is wiped when it goes (H-23). Where there is none left the
 * program ends with CSN_EXIT_MEMORY.
 */
typedef struct csn_pool_block csn_pool_block;

typedef struct csn_pool {
    csn_pool_block *blocks; /* the newest first */
} csn_pool;

/* `size` zeroed octets, aligned for anything. */
void *csn_pool_alloc(csn_pool *pool, size_t size);

/* An array of `count` items with room for one more; it may have moved. */
void *csn_pool_grow(csn_pool *pool, void *items, size_t count, size_t size);

/* Wipe and free everything; the pool is empty then and can be used on. */
void csn_pool_free(csn_pool *pool);

/* The same, but one block is kept: for memory of a moment. */
void csn_pool_reset(csn_pool *pool);

/* A text from a format, with a terminating zero. */
__attribute__((format(printf, 2, 3))) const char *csn_pool_format(
    csn_pool *pool, const char *format, ...);

/* The octets of up to four spans one behind the other. */
csn_span csn_pool_join(csn_pool *pool, csn_span a, csn_span b, csn_span c,
    csn_span d);

/* A copy with each octet through `map`. */
csn_span csn_pool_map(csn_pool *pool, csn_span text,
    uint8_t (*map)(uint8_t octet));

uint8_t csn_octet_upper(uint8_t octet);
uint8_t csn_octet_lower(uint8_t octet);

bool csn_text_same(csn_span a, csn_span b);

/* A C string's octets. */
csn_span csn_text_of(const char *text);

#endif
