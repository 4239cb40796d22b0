// SPDX-License-Identifier: MIT
#include "table.h"

#include <string.h>

/* Who wants to log in, as keys of counts. */

/* Mixes a word in; the constants are those of splitmix64. */
static uint64_t
mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) + 0x9e3779b97f4a7c15u;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
    return state ^ (state >> 31);
}

/* A key's beginning: one for each window, layer and kind. */
static uint64_t
key_begin(const csn_throttle *table, const csn_throttle_limits *limits,
    csn_layer layer, csn_throttle_kind kind)
{
    return mix(table->secret[0],
        (uint64_t)limits->window_ms << 16 | (uint64_t)layer << 8 |
            (uint64_t)kind);
}

static uint64_t
key_end(const csn_throttle *table, uint64_t state)
{
    state = mix(state, table->secret[1]);
    return state != 0 ? state : 1;
}

/* The key of an address's first `len` octets; `state` is its beginning. */
static uint64_t
prefix_key(const csn_throttle *table, uint64_t state,
    const uint8_t address[16], size_t len)
{
    uint64_t words[2] = { 0, 0 };

    memcpy(words, address, len);
    return key_end(table, mix(mix(state, words[0]), words[1]));
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

/* How many octets of an address each kind looks at, after IPv4 and IPv6; 0:
 * there is no such count. */
static const uint8_t prefixes[][2] = {
    [CSN_THROTTLE_ADDRESS] = { 16, 8 },
    [CSN_THROTTLE_SITE] = { 0, 6 },
    [CSN_THROTTLE_NETWORK] = { 0, 4 },
};

csn_throttle_source
csn_throttle_find(const csn_throttle *table, const csn_throttle_limits *limits,
    csn_layer layer, const uint8_t address[16], csn_span user)
{
    static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };
    bool is_v6 = memcmp(address, mapped, sizeof(mapped)) != 0;
    csn_throttle_source source = { { 0 } };
    uint64_t state;

    for (int kind = CSN_THROTTLE_ADDRESS; kind <= CSN_THROTTLE_NETWORK;
         kind++) {
        state = key_begin(table, limits, layer, (csn_throttle_kind)kind);
        if (prefixes[kind][is_v6] != 0)
            source.keys[kind] = prefix_key(table, state, address,
                prefixes[kind][is_v6]);
    }
    state = key_begin(table, limits, layer, CSN_THROTTLE_USER_HERE);
    state = mix(state, source.keys[CSN_THROTTLE_ADDRESS]);
    source.keys[CSN_THROTTLE_USER_HERE] = key_end(table,
        mix_text(state, user));
    state = key_begin(table, limits, layer, CSN_THROTTLE_USER);
    source.keys[CSN_THROTTLE_USER] = key_end(table, mix_text(state, user));
    return source;
}
