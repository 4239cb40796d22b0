// SPDX-License-Identifier: MIT
#include "core/siphash.h"

#include "core/bytes.h"
#include "core/compiler.h"

/* Jean-Philippe Aumasson, Daniel J. Bernstein: "SipHash: a fast short-input
 * PRF" (2012), sections 2.1 to 2.4. */

typedef struct sip {
    uint64_t v0, v1, v2, v3;
} sip;

static CSN_INLINE uint64_t
rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static CSN_INLINE void
round_once(sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static CSN_INLINE void
absorb(sip *s, uint64_t word)
{
    s->v3 ^= word;
    round_once(s);
    round_once(s);
    s->v0 ^= word;
}

static CSN_INLINE uint64_t
finish(sip *s)
{
    for (unsigned i = 0; i < 4; i++)
        round_once(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* `wide` is 0xee for 128 bits of result, 0 for 64. */
static CSN_INLINE sip
start(const uint8_t key[CSN_SIPHASH_KEY], const void *data, size_t len,
    uint64_t wide)
{
    uint64_t k0 = csn_get_le64(key);
    uint64_t k1 = csn_get_le64(key + 8);
    sip s = {
        k0 ^ UINT64_C(0x736f6d6570736575),
        k1 ^ UINT64_C(0x646f72616e646f6d) ^ wide,
        k0 ^ UINT64_C(0x6c7967656e657261),
        k1 ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *in = data;
    uint64_t last = (uint64_t)len << 56;
    size_t rest = len % 8;

    for (const uint8_t *end = in + (len - rest); in != end; in += 8)
        absorb(&s, csn_get_le64(in));
    for (size_t i = 0; i < rest; i++)
        last |= (uint64_t)in[i] << (8 * i);
    absorb(&s, last);
    return s;
}

uint64_t
csn_siphash(const uint8_t key[CSN_SIPHASH_KEY], const void *data, size_t len)
{
    sip s = start(key, data, len, 0);

    s.v2 ^= 0xff;
    return finish(&s);
}

void
csn_siphash_128(const uint8_t key[CSN_SIPHASH_KEY], const void *data,
    size_t len, uint8_t out[16])
{
    sip s = start(key, data, len, 0xee);

    s.v2 ^= 0xee;
    csn_put_le64(out, finish(&s));
    s.v1 ^= 0xdd;
    csn_put_le64(out + 8, finish(&s));
}
