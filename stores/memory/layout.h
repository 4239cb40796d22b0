// SPDX-License-Identifier: MIT
#ifndef CSN_MEMORY_LAYOUT_H
#define CSN_MEMORY_LAYOUT_H

#include <countersign/stores/memory.h>

#include "core/siphash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How a table lies in memory: a header of two cache lines, then buckets, each
 * a header of two cache lines and CSN_COUNTS_WAYS lines of one cache line.
 * There is no pointer of ours in it; glibc keeps in a locked robust mutex
 * pointers that only its owner follows.
 */

enum {
    CSN_CACHE_LINE = 64,
    CSN_ID_SIZE = 14,    /* minted 6, random 8: csn_mark.id */
    CSN_MINTED_SIZE = 6, /* milliseconds since 1970, big-endian */
    CSN_WINDOW_WORDS = CSN_NC_WINDOW / 64,
    CSN_LINE_ONE_TIME = 0x8000, /* csn_line.flags; the rest is its end */
    CSN_LINE_SESSION = 0x4000,  /* a second line, with a key */
    CSN_LINE_END_MASK = 0x3fff
};

/**
 * One nonce in use. One whose `-sess` session is kept has a second line in
 * the same bucket, with the same id, user and tag and CSN_LINE_SESSION set:
 * `highest` holds the octets of its key, `window` the key. Such a line has
 * no end of its own: it goes when its nonce's first line goes.
 */
typedef struct csn_line {
    uint8_t id[CSN_ID_SIZE];
    uint16_t flags;
    uint32_t highest;  /* highest count marked */
    uint32_t replaced; /* first nextnonce: ms after minting, +1; 0 none */
    uint8_t user_tag[8];
    uint64_t window[CSN_WINDOW_WORDS]; /* window.h */
} csn_line;

_Static_assert(sizeof(csn_line) == CSN_COUNTS_LINE, "a line is 64 octets");
_Static_assert(CSN_WINDOW_WORDS * sizeof(uint64_t) == CSN_SESSION_KEY_SIZE,
    "a session's key stands in place of the window");
_Static_assert(offsetof(csn_line, window) == 32, "no padding in a line");

/**
 * Lines that share a lock and a horizon. `tags[i]` is 0 when line i is free
 * and otherwise eight bits of its key's hash, so that a search reads two
 * cache lines and then, nearly always, only the line it wants. Whatever
 * stands in a line whose tag is 0 means nothing.
 */
typedef struct csn_bucket {
    _Alignas(CSN_CACHE_LINE) union {
        pthread_mutex_t mutex;
        uint8_t room[CSN_CACHE_LINE]; /* its size differs between systems */
    } lock;
    _Atomic uint64_t horizon;
    _Atomic uint64_t evictions;
    _Atomic uint64_t stale_evicted;
    _Atomic uint64_t owner_deaths;
    uint8_t tags[CSN_COUNTS_WAYS];
    csn_line lines[CSN_COUNTS_WAYS];
} csn_bucket;

_Static_assert(sizeof(pthread_mutex_t) <= CSN_CACHE_LINE, "room for a mutex");
_Static_assert(offsetof(csn_bucket, lines) == 2 * CSN_CACHE_LINE,
    "a bucket's header is two cache lines");
_Static_assert(sizeof(csn_bucket) ==
        2 * CSN_CACHE_LINE + CSN_COUNTS_WAYS * CSN_COUNTS_LINE,
    "no padding between buckets");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
    "a lock inside an atomic would not work between processes");

/**
 * The table. The first cache line does not change after init; the second one
 * changes every millisecond and would otherwise slow everybody down.
 */
struct csn_counts {
    _Alignas(CSN_CACHE_LINE) _Atomic uint64_t magic; /* set last by init */
    uint32_t version;
    uint32_t layout; /* differs where the sizes below differ */
    uint64_t size;
    uint8_t domain[CSN_DOMAIN_SIZE];
    uint8_t hash_key[CSN_SIPHASH_KEY]; /* secret: nobody can aim */
    uint32_t bucket_count;
    _Alignas(CSN_CACHE_LINE) _Atomic uint64_t high_water;
    _Alignas(CSN_CACHE_LINE) csn_bucket buckets[];
};

_Static_assert(sizeof(struct csn_counts) == 2 * CSN_CACHE_LINE,
    "the header is two cache lines");

/** "CSNcount" in octets: a table stands here and is finished. */
#define CSN_TABLE_MAGIC UINT64_C(0x43534e636f756e74)
#define CSN_TABLE_VERSION 2u
#define CSN_TABLE_LAYOUT                                                      \
    ((uint32_t)(sizeof(pthread_mutex_t) << 16 | sizeof(csn_bucket)))

/**
 * What stands above is written before what stands below, as seen by whoever
 * comes after this process was killed between the two. A dead process's
 * stores are all visible by then, so only the compiler must be held back.
 */
#define CSN_STEP() atomic_signal_fence(memory_order_seq_cst)

#endif
