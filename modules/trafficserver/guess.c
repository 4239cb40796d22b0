// SPDX-License-Identifier: MIT
#include "guess.h"

#include <string.h>

enum {
    MINUTE_MS = 60000,
    UNITS = 16, /* of time in a millisecond: a share may be less than one */
    MINUTE = MINUTE_MS * UNITS,
    TAG_BITS = 20,
    TIME_BITS = 64 - TAG_BITS /* 34 years of units */
};

#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
#define BUCKETS (CSN_GW_GUESS_CELLS / CSN_GW_GUESS_WAYS)

/* What one count may hold, as a multiple of --max-failures, and what happens
 * beyond it. A source may stand for many users; a site for many sources. */
static const struct {
    unsigned factor;
    bool refuses; /* otherwise it slows down */
} limits[CSN_GW_GUESS_KINDS] = {
    [CSN_GW_GUESS_ADDRESS] = { 10, true },
    [CSN_GW_GUESS_SITE] = { 100, true },
    /* Others than the one who guesses stand in these two. */
    [CSN_GW_GUESS_NETWORK] = { 1000, false },
    [CSN_GW_GUESS_USER_HERE] = { 1, true },
    [CSN_GW_GUESS_USER] = { 2, false }, /* one address alone stays below */
};

void
csn_gw_guess_init(csn_gw_guess *guess, const uint64_t secret[2], unsigned max,
    uint64_t now_ms)
{
    memcpy(guess->secret, secret, sizeof(guess->secret));
    guess->start_ms = now_ms;
    guess->max = max;
}

/* Mixes a word in; the constants are those of splitmix64. */
static uint64_t
mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) + 0x9e3779b97f4a7c15u;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
    return state ^ (state >> 31);
}

/* A key's beginning: one for each layer and kind. */
static uint64_t
key_begin(const csn_gw_guess *guess, csn_layer layer, csn_gw_guess_kind kind)
{
    return mix(guess->secret[0], (uint64_t)layer << 8 | (uint64_t)kind);
}

static uint64_t
key_end(const csn_gw_guess *guess, uint64_t state)
{
    state = mix(state, guess->secret[1]);
    return state != 0 ? state : 1;
}

/* The key of an address's first `len` octets. */
static uint64_t
prefix_key(const csn_gw_guess *guess, csn_layer layer, csn_gw_guess_kind kind,
    const uint8_t address[16], size_t len)
{
    uint64_t words[2] = { 0, 0 };

    memcpy(words, address, len);
    return key_end(guess,
        mix(mix(key_begin(guess, layer, kind), words[0]), words[1]));
}

csn_gw_source
csn_gw_guess_source(const csn_gw_guess *guess, csn_layer layer,
    const uint8_t address[16])
{
    static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };
    enum { WHOLE = 16, SUBNET = 8, SITE = 6, NETWORK = 4 };
    csn_gw_source source = { { 0 } };
    bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;

    source.keys[CSN_GW_GUESS_ADDRESS] = prefix_key(guess, layer,
        CSN_GW_GUESS_ADDRESS, address, is_v4 ? WHOLE : SUBNET);
    if (!is_v4) {
        source.keys[CSN_GW_GUESS_SITE] = prefix_key(guess, layer,
            CSN_GW_GUESS_SITE, address, SITE);
        source.keys[CSN_GW_GUESS_NETWORK] = prefix_key(guess, layer,
            CSN_GW_GUESS_NETWORK, address, NETWORK);
    }
    return source;
}

static uint64_t
mix_text(uint64_t state, csn_span text)
{
    state = mix(state, text.len);
    while (text.len > 0) {
        uint64_t word = 0;
        size_t len = text.len < sizeof(word) ? text.len : sizeof(word);

        memcpy(&word, text.ptr, len);
        state = mix(state, word);
        text = (csn_span){ text.ptr + len, text.len - len };
    }
    return state;
}

void
csn_gw_guess_user(const csn_gw_guess *guess, csn_layer layer, csn_span user,
    csn_gw_source *source)
{
    uint64_t here = mix(key_begin(guess, layer, CSN_GW_GUESS_USER_HERE),
        source->keys[CSN_GW_GUESS_ADDRESS]);
    uint64_t anywhere = key_begin(guess, layer, CSN_GW_GUESS_USER);

    source->keys[CSN_GW_GUESS_USER_HERE] = key_end(guess,
        mix_text(here, user));
    source->keys[CSN_GW_GUESS_USER] = key_end(guess, mix_text(anywhere, user));
}

static uint64_t
units_at(const csn_gw_guess *guess, uint64_t now_ms)
{
    return now_ms > guess->start_ms ? (now_ms - guess->start_ms) * UNITS : 0;
}

/* The first cell of the bucket that `key` belongs to. */
static size_t
bucket_of(uint64_t key)
{
    return (size_t)(key % BUCKETS) * CSN_GW_GUESS_WAYS;
}

static bool
is_of(uint64_t cell, uint64_t key)
{
    return cell != 0 && cell >> TIME_BITS == key >> TIME_BITS;
}

/* How far ahead of `now` the count of `key` will have run down. */
static uint64_t
ahead(const csn_gw_guess *guess, uint64_t key, uint64_t now)
{
    const _Atomic uint64_t *cells = &guess->cells[bucket_of(key)];
    uint64_t most = 0;

    for (size_t i = 0; key != 0 && i < CSN_GW_GUESS_WAYS; i++) {
        uint64_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        uint64_t end = cell & TIME_MASK;

        if (is_of(cell, key) && end > now && end - now > most)
            most = end - now;
    }
    return most;
}

uint64_t
csn_gw_guess_wait_ms(const csn_gw_guess *guess, const csn_gw_source *source,
    uint64_t now_ms)
{
    uint64_t now = units_at(guess, now_ms);
    uint64_t wait = 0;

    for (size_t kind = 0; guess->max != 0 && kind < CSN_GW_GUESS_KINDS;
         kind++) {
        uint64_t units = ahead(guess, source->keys[kind], now);

        if (limits[kind].refuses && units > MINUTE + wait)
            wait = units - MINUTE;
    }
    return (wait + UNITS - 1) / UNITS;
}

/* The cell to count `key` in: its own, or the one with the least in it. */
static size_t
choose_cell(const csn_gw_guess *guess, uint64_t key)
{
    size_t first = bucket_of(key);
    size_t best = first;
    uint64_t least = UINT64_MAX;

    for (size_t i = first; i < first + CSN_GW_GUESS_WAYS; i++) {
        uint64_t cell = atomic_load_explicit(&guess->cells[i],
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
add(csn_gw_guess *guess, uint64_t key, uint64_t now, uint64_t share)
{
    for (;;) {
        _Atomic uint64_t *cell = &guess->cells[choose_cell(guess, key)];
        uint64_t before = atomic_load_explicit(cell, memory_order_relaxed);
        uint64_t end = before & TIME_MASK;
        bool own = is_of(before, key);
        uint64_t next = (own && end > now ? end : now) + share;

        if (next > now + 2 * (uint64_t)MINUTE)
            next = now + 2 * (uint64_t)MINUTE; /* the wait has an end */
        next = (next & TIME_MASK) | (key & ~TIME_MASK);
        if (!atomic_compare_exchange_weak_explicit(cell, &before, next,
                memory_order_relaxed, memory_order_relaxed))
            continue; /* another thread was here: look again */
        if (!own && end > now)
            atomic_fetch_add_explicit(&guess->displaced, 1,
                memory_order_relaxed);
        return;
    }
}

/* A minute's share of one failure, under a count of this kind. */
static uint64_t
share_of(const csn_gw_guess *guess, size_t kind)
{
    uint64_t share = MINUTE / ((uint64_t)guess->max * limits[kind].factor);

    return share > 0 ? share : 1;
}

uint32_t
csn_gw_guess_failed(csn_gw_guess *guess, const csn_gw_source *source,
    uint64_t now_ms)
{
    uint64_t now = units_at(guess, now_ms);
    uint64_t most = 0;

    for (size_t kind = 0; guess->max != 0 && kind < CSN_GW_GUESS_KINDS;
         kind++) {
        uint64_t key = source->keys[kind];

        if (key == 0)
            continue;
        add(guess, key, now, share_of(guess, kind));
        if (!limits[kind].refuses && ahead(guess, key, now) > most)
            most = ahead(guess, key, now);
    }
    /* From nothing at the limit to all of it at twice the limit. */
    if (most <= MINUTE)
        return 0;
    return (uint32_t)((most - MINUTE) * CSN_GW_GUESS_MAX_DELAY_MS / MINUTE);
}

size_t
csn_gw_guess_used(const csn_gw_guess *guess, uint64_t now_ms)
{
    uint64_t now = units_at(guess, now_ms);
    size_t used = 0;

    for (size_t i = 0; i < CSN_GW_GUESS_CELLS; i++) {
        uint64_t cell = atomic_load_explicit(&guess->cells[i],
            memory_order_relaxed);

        used += (cell & TIME_MASK) > now;
    }
    return used;
}

uint64_t
csn_gw_guess_displaced(const csn_gw_guess *guess)
{
    return atomic_load_explicit(&guess->displaced, memory_order_relaxed);
}
