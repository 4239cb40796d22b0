// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_POOL_H
#define COUNTERSIGN_TOOLS_INSPECT_POOL_H

#include <countersign/span.h>

/*
 * Memory that lives as long as an inspection. Forms of a password are tried
 * in it, so it is wiped when it goes (H-23). Where there is none left the
 * program ends with CSN_EXIT_MEMORY.
 */
typedef struct inspect_block inspect_block;

typedef struct inspect_pool {
    inspect_block *blocks; /* the newest first */
} inspect_pool;

/* `size` zeroed octets, aligned for anything. */
void *inspect_alloc(inspect_pool *pool, size_t size);

/* An array of `count` items with room for one more; it may have moved. */
void *inspect_grow(inspect_pool *pool, void *items, size_t count, size_t size);

/* Wipe and free everything; the pool is empty then and can be used on. */
void inspect_pool_free(inspect_pool *pool);

/* The same, but one block is kept: for memory of a moment. */
void inspect_pool_reset(inspect_pool *pool);

/* A text from a format, with a terminating zero. */
__attribute__((format(printf, 2, 3))) const char *inspect_format(
    inspect_pool *pool, const char *format, ...);

/* The octets of up to four spans one behind the other. */
csn_span inspect_join(inspect_pool *pool, csn_span a, csn_span b, csn_span c,
    csn_span d);

/* A copy with each octet through `map`. */
csn_span inspect_map(inspect_pool *pool, csn_span text,
    uint8_t (*map)(uint8_t octet));

uint8_t inspect_upper(uint8_t octet);
uint8_t inspect_lower(uint8_t octet);

bool inspect_same(csn_span a, csn_span b);

/* A C string's octets. */
csn_span inspect_text(const char *text);

#endif
