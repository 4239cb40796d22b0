// SPDX-License-Identifier: MIT
#include "table.h"

#include <string.h>

enum {
    UNITS = 16, /* of time in a millisecond: a share may be less than one */
    TAG_BITS = 20,
    TIME_BITS = 64 - TAG_BITS /* 34 years of units */
};

#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)

/* What one count may hold, as a multiple of `failures`, and what happens
 * beyond it. A source may stand for many users; a site for many sources. */
static const struct {
    unsigned factor;
    bool refuses; /* otherwise it slows down */
} rules[CSN_THROTTLE_KINDS] = {
    [CSN_THROTTLE_ADDRESS] = { 10, true },
    [CSN_THROTTLE_SITE] = { 100, true },
    /* Others than the one who guesses stand in these two. */
    [CSN_THROTTLE_NETWORK] = { 1000, false },
    [CSN_THROTTLE_USER_HERE] = { 1, true },
    [CSN_THROTTLE_USER] = { 2, false }, /* one address alone stays below */
};

enum { BUCKET = CSN_THROTTLE_WAYS * sizeof(uint64_t) };

size_t
csn_throttle_min_size(void)
{
    return sizeof(csn_throttle) + BUCKET;
}

csn_status
csn_throttle_init(void *memory, size_t size, const csn_crypto *crypto,
    uint64_t now_ms, csn_throttle **table)
{
    csn_throttle *made = memory;
    csn_status status;

    if (size < csn_throttle_min_size() ||
        (uintptr_t)memory % _Alignof(csn_throttle) != 0)
        return CSN_E_LENGTH;
    memset(memory, 0, size);
    status = crypto->random((uint8_t *)made->secret, sizeof(made->secret));
    if (status != CSN_OK)
        return status;
    made->start_ms = now_ms;
    made->buckets = (size - sizeof(*made)) / BUCKET;
    *table = made;
    return CSN_OK;
}

static uint64_t
units_at(const csn_throttle *table, uint64_t now_ms)
{
    return now_ms > table->start_ms ? (now_ms - table->start_ms) * UNITS : 0;
}

/* The first cell of the bucket that `key` belongs to. */
static size_t
bucket_of(const csn_throttle *table, uint64_t key)
{
    return (size_t)(key % table->buckets) * CSN_THROTTLE_WAYS;
}

static uint64_t
window_of(const csn_throttle_limits *limits)
{
    return (uint64_t)limits->window_ms * UNITS;
}

static bool
is_of(uint64_t cell, uint64_t key)
{
    return cell != 0 && cell >> TIME_BITS == key >> TIME_BITS;
}

/* How far ahead of `now` the count of `key` will have run down. */
static uint64_t
ahead(const csn_throttle *table, uint64_t key, uint64_t now)
{
    const _Atomic uint64_t *cells = &table->cells[bucket_of(table, key)];
    uint64_t most = 0;

    for (size_t i = 0; key != 0 && i < CSN_THROTTLE_WAYS; i++) {
        uint64_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        uint64_t end = cell & TIME_MASK;

        if (is_of(cell, key) && end > now && end - now > most)
            most = end - now;
    }
    return most;
}

uint64_t
csn_throttle_wait_ms(const csn_throttle *table,
    const csn_throttle_limits *limits, const csn_throttle_source *source,
    uint64_t now_ms)
{
    uint64_t now = units_at(table, now_ms);
    uint64_t window = window_of(limits);
    uint64_t wait = 0;

    for (size_t kind = 0; limits->failures != 0 && kind < CSN_THROTTLE_KINDS;
         kind++) {
        uint64_t units = ahead(table, source->keys[kind], now);

        if (rules[kind].refuses && units > window + wait)
            wait = units - window;
    }
    return (wait + UNITS - 1) / UNITS;
}

/* The cell to count `key` in: its own, or the one with the least in it. */
static size_t
choose_cell(const csn_throttle *table, uint64_t key)
{
    size_t first = bucket_of(table, key);
    size_t best = first;
    uint64_t least = UINT64_MAX;

    for (size_t i = first; i < first + CSN_THROTTLE_WAYS; i++) {
        uint64_t cell = atomic_load_explicit(&table->cells[i],
            memory_order_relaxed);

        if (is_of(cell, key))
            return i;
        if ((cell & TIME_MASK) < least) {
            least = cell & TIME_MASK;
            best = i;
        }
    }
    return best;
}

/* Counts `share` more under `key`. */
static void
add(csn_throttle *table, uint64_t key, uint64_t now, uint64_t window,
    uint64_t share)
{
    for (;;) {
        _Atomic uint64_t *cell = &table->cells[choose_cell(table, key)];
        uint64_t before = atomic_load_explicit(cell, memory_order_relaxed);
        uint64_t end = before & TIME_MASK;
        bool own = is_of(before, key);
        uint64_t next = (own && end > now ? end : now) + share;

        if (next > now + 2 * window)
            next = now + 2 * window; /* the wait has an end */
        next = (next & TIME_MASK) | (key & ~TIME_MASK);
        if (!atomic_compare_exchange_weak_explicit(cell, &before, next,
                memory_order_relaxed, memory_order_relaxed))
            continue; /* somebody else was here: look again */
        if (!own && end > now)
            atomic_fetch_add_explicit(&table->displaced, 1,
                memory_order_relaxed);
        return;
    }
}

/* A window's share of one failure, under a count of this kind. */
static uint64_t
share_of(const csn_throttle_limits *limits, size_t kind)
{
    uint64_t share = window_of(limits) /
        ((uint64_t)limits->failures * rules[kind].factor);

    return share > 0 ? share : 1;
}

uint32_t
csn_throttle_failed(csn_throttle *table, const csn_throttle_limits *limits,
    const csn_throttle_source *source, uint64_t now_ms)
{
    uint64_t now = units_at(table, now_ms);
    uint64_t window = window_of(limits);
    uint64_t most = 0;

    for (size_t kind = 0; limits->failures != 0 && kind < CSN_THROTTLE_KINDS;
         kind++) {
        uint64_t key = source->keys[kind];

        if (key == 0)
            continue;
        add(table, key, now, window, share_of(limits, kind));
        if (!rules[kind].refuses && ahead(table, key, now) > most)
            most = ahead(table, key, now);
    }
    /* From nothing at the limit to all of it at twice the limit. */
    if (most <= window)
        return 0;
    return (uint32_t)((most - window) * limits->max_delay_ms / window);
}

size_t
csn_throttle_used(const csn_throttle *table, uint64_t now_ms)
{
    uint64_t now = units_at(table, now_ms);
    size_t used = 0;

    for (size_t i = 0; i < table->buckets * CSN_THROTTLE_WAYS; i++) {
        uint64_t cell = atomic_load_explicit(&table->cells[i],
            memory_order_relaxed);

        used += (cell & TIME_MASK) > now;
    }
    return used;
}

uint64_t
csn_throttle_displaced(const csn_throttle *table)
{
    return atomic_load_explicit(&table->displaced, memory_order_relaxed);
}
