// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FUZZ_PLAY_H
#define COUNTERSIGN_FUZZ_PLAY_H

/*
 * For targets whose input is a little program of steps: octets taken one by
 * one, randomness that can be played again, lines changed as the input says.
 */

#include <countersign/crypto_openssl.h>

#include "fuzz.h"

enum { LINE = 2048 };

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

/* The next octet; zero behind the end. */
static inline uint8_t
take(input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static inline void
require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz: %s\n", what);
        abort();
    }
}

static uint64_t play_random;

/* Fails now and then. */
static csn_status
weak_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        play_random = play_random * 6364136223846793005u +
            1442695040888963407u;
        out[i] = (uint8_t)(play_random >> 56);
    }
    return play_random >> 58 == 7 ? CSN_E_RANDOM : CSN_OK;
}

static inline const csn_crypto *
crypto(void)
{
    static csn_crypto table;

    table = *csn_crypto_openssl();
    table.random = weak_random;
    return &table;
}

/* An exact copy, so that one octet read too far stops the run; free it. */
static inline csn_span
copy(const char *text, size_t len)
{
    uint8_t *octets = malloc(len != 0 ? len : 1);

    require(octets != NULL, "memory");
    memcpy(octets, text, len);
    return (csn_span){ octets, len };
}

static inline void
drop(csn_span exact)
{
    free((void *)(uintptr_t)exact.ptr);
}

/* Change, drop or insert octets, as the input says; the new length. */
static inline size_t
mutate(input *in, char *line, size_t cap, size_t len)
{
    for (uint8_t times = take(in) % 8; times > 0 && len > 2; times--) {
        size_t at = (size_t)(take(in) << 8 | take(in)) % len;
        uint8_t how = take(in);

        if (how < 128) {
            line[at] = (char)take(in);
        } else if (how < 192) {
            memmove(line + at, line + at + 1, len - at - 1);
            len--;
        } else if (len + 1 < cap) {
            memmove(line + at + 1, line + at, len - at);
            line[at] = (char)take(in);
            len++;
        }
    }
    return len;
}

#endif
