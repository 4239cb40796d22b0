// SPDX-License-Identifier: MIT
#include "core/hex.h"

#include <string.h>

/*
 * Arithmetic alone, octet by octet: no table and no branch that a digit's
 * value could show in (H(A1) is read here, and a response is compared in
 * constant time; reading it must be so too). The loops have fixed lengths and
 * touch local arrays only, so that compilers make vector code of them; a
 * digest is one BLOCK or two.
 */
enum { BLOCK = 32 }; /* digits */

/* 0x80 when `octet` is `bound` or more, 0 or any of the lower bits else. */
static inline uint8_t
reaches(uint8_t octet, uint8_t bound)
{
    return (uint8_t)((uint8_t)(octet + (0x80 - bound)) | octet);
}

/* Whether one of `count` octets is no digit: '0' to '9', 'a' to 'f'. */
static inline uint8_t
strangers(const uint8_t *text, size_t count)
{
    uint8_t in[BLOCK];
    uint8_t bad = 0;

    memcpy(in, text, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t digit = in[i] ^ '0';
        uint8_t letter = (uint8_t)((in[i] | 0x20) - 'a');

        bad |= reaches(digit, 10) & reaches(letter, 6);
    }
    return bad & 0x80;
}

/* `count` digits, all good, to half as many octets. */
static inline void
decode(const uint8_t *text, uint8_t *out, size_t count)
{
    uint8_t in[BLOCK];
    uint8_t octets[BLOCK / 2];

    memcpy(in, text, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t letter = in[i] >> 6; /* 'A' is 10: its low bits are 1 */

        in[i] = (uint8_t)((in[i] & 0x0f) + (letter << 3) + letter);
    }
    for (size_t i = 0; i < count / 2; i++)
        octets[i] = (uint8_t)(in[2 * i] << 4 | in[2 * i + 1]);
    memcpy(out, octets, count / 2);
}

static inline uint8_t
digit_of(uint8_t nibble)
{
    uint8_t letter = (uint8_t)(0 - ((nibble + 6) >> 4));

    return (uint8_t)(nibble + '0' + (letter & ('a' - '0' - 10)));
}

/* Half as many octets to `count` digits. */
static inline void
encode(const uint8_t *octets, uint8_t *out, size_t count)
{
    uint8_t in[BLOCK / 2];
    uint8_t digits[BLOCK];

    memcpy(in, octets, count / 2);
    for (size_t i = 0; i < count / 2; i++) {
        digits[2 * i] = digit_of(in[i] >> 4);
        digits[2 * i + 1] = digit_of(in[i] & 0x0f);
    }
    memcpy(out, digits, count);
}

bool
csn_is_hex(csn_span text)
{
    uint8_t bad = 0;

    for (; text.len >= BLOCK; text.len -= BLOCK, text.ptr += BLOCK)
        bad |= strangers(text.ptr, BLOCK);
    for (size_t i = 0; i < text.len; i++)
        bad |= strangers(text.ptr + i, 1);
    return bad == 0;
}

csn_status
csn_hex_decode(csn_span text, uint8_t *out, size_t size)
{
    const uint8_t *in = text.ptr;

    if (text.len / 2 != size || text.len % 2 != 0)
        return CSN_E_LENGTH;
    if (!csn_is_hex(text))
        return CSN_E_SYNTAX;

    for (; size >= BLOCK / 2; size -= BLOCK / 2, in += BLOCK, out += BLOCK / 2)
        decode(in, out, BLOCK);
    for (; size > 0; size--, in += 2)
        decode(in, out++, 2);
    return CSN_OK;
}

void
csn_hex_encode(const uint8_t *octets, size_t len, uint8_t *out)
{
    for (; len >= BLOCK / 2; len -= BLOCK / 2, octets += BLOCK / 2) {
        encode(octets, out, BLOCK);
        out += BLOCK;
    }
    for (; len > 0; len--, out += 2)
        encode(octets++, out, 2);
}
