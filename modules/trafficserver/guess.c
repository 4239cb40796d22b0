// SPDX-License-Identifier: MIT
#include "plugin.h"

#include "address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * Guessing is slowed down (H-09): failed logins are counted per source, and
 * per user and source, and beyond a limit credentials from there are answered
 * with 429 unread. A source is an IPv4 address or an IPv6 /64. Nobody can
 * lock a user out: only the source that failed has to wait, for a minute at
 * most.
 *
 * Each count is the time at which it will have run down to nothing (a leaky
 * bucket): a failure moves it on by a minute's share, and it is over the limit
 * while it lies more than a minute ahead. The table is fixed and holds no
 * names; its places hang on a secret, so nobody can aim at another's.
 */

enum {
    CELLS = 1 << 16,
    MINUTE_MS = 60000,
    SOURCE_FACTOR = 10 /* a source may stand for many users */
};

static _Atomic uint64_t cells[CELLS];
static uint64_t secret[2];

bool
csn_gw_guess_start(csn_gw_error *error)
{
    if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
        return csn_gw_fail(error, "no random octets");
    return true;
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

csn_gw_source
csn_gw_source_of(csn_layer layer, const struct sockaddr *client)
{
    uint8_t octets[16] = { 0 };
    uint64_t words[2];
    csn_gw_source source;

    if (client == NULL || !csn_gw_sockaddr_octets(client, octets))
        memset(octets, 0, sizeof(octets)); /* one source for all of these */
    if (client != NULL && client->sa_family == AF_INET6)
        memset(octets + 8, 0, 8); /* a /64 is one customer */
    memcpy(words, octets, sizeof(words));
    source.all = mix(mix(secret[0] ^ (uint64_t)layer, words[0]), words[1]);
    source.user = 0;
    return source;
}

void
csn_gw_source_user(csn_gw_source *source, csn_span user)
{
    uint64_t state = mix(source->all, secret[1]);

    while (user.len > 0) {
        uint64_t word = 0;
        size_t len = user.len < sizeof(word) ? user.len : sizeof(word);

        memcpy(&word, user.ptr, len);
        state = mix(state, word + len);
        user = (csn_span){ user.ptr + len, user.len - len };
    }
    source->user = state;
}

static bool
is_over(uint64_t place, uint64_t now_ms)
{
    return atomic_load_explicit(&cells[place % CELLS], memory_order_relaxed) >
        now_ms + MINUTE_MS;
}

bool
csn_gw_guess_over(const csn_gw_source *source, uint64_t now_ms)
{
    if (csn_gateway.settings.max_failures == 0)
        return false;
    return is_over(source->user != 0 ? source->user : source->all, now_ms);
}

static void
add(uint64_t place, uint64_t now_ms, uint64_t share_ms)
{
    _Atomic uint64_t *cell = &cells[place % CELLS];
    uint64_t empty_at = atomic_load_explicit(cell, memory_order_relaxed);
    uint64_t next;

    do {
        next = (empty_at > now_ms ? empty_at : now_ms) + share_ms;
        if (next > now_ms + 2 * MINUTE_MS)
            next = now_ms + 2 * MINUTE_MS; /* the wait has an end */
    } while (!atomic_compare_exchange_weak_explicit(cell, &empty_at, next,
        memory_order_relaxed, memory_order_relaxed));
}

void
csn_gw_guess_failed(const csn_gw_source *source, uint64_t now_ms)
{
    unsigned max = csn_gateway.settings.max_failures;

    if (max == 0)
        return;
    add(source->user, now_ms, MINUTE_MS / max);
    add(source->all, now_ms, MINUTE_MS / max / SOURCE_FACTOR);
}
