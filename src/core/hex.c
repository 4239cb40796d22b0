// SPDX-License-Identifier: MIT
#include "core/hex.h"

#include "core/bytes.h"

/*
 * Eight digits at a time in one word, first digit on top, by arithmetic
 * alone: no table and no branch that a digit's value could show in (a
 * response is compared in constant time; reading it must be so too).
 */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

enum { WORD_DIGITS = 8 };

/* The next digits, at most eight; '0' stands for those behind the end. */
static uint64_t
load(const uint8_t *text, size_t len)
{
    if (len >= WORD_DIGITS)
        return csn_get_be64(text);

    size_t absent = 8 * (WORD_DIGITS - len);

    return csn_get_be(text, len) << absent | EACH('0') >> (64 - absent);
}

/* The top bit of each octet from `from` to `to`; all octets below 0x80. */
static uint64_t
between(uint64_t word, unsigned from, unsigned to)
{
    return (word + EACH(0x80 - from)) & ~(word + EACH(0x7f - to)) & EACH(0x80);
}

static uint64_t
letters(uint64_t word)
{
    return between((word & EACH(0x7f)) | EACH(0x20), 'a', 'f');
}

/* The top bit of each octet that is no digit. */
static uint64_t
strangers(uint64_t word)
{
    uint64_t digits = between(word & EACH(0x7f), '0', '9') | letters(word);

    return (~digits | word) & EACH(0x80);
}

/* Eight digits to four octets, in the low half. */
static uint64_t
value(uint64_t word)
{
    uint64_t nibbles = (word & EACH(0x0f)) + (letters(word) >> 7) * 9;

    nibbles = (nibbles | nibbles >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    nibbles = (nibbles | nibbles >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (nibbles | nibbles >> 16) & UINT64_C(0xffffffff);
}

bool
csn_is_hex(csn_span text)
{
    uint64_t bad = 0;

    for (; text.len >= WORD_DIGITS; text.len -= WORD_DIGITS) {
        bad |= strangers(csn_get_be64(text.ptr));
        text.ptr += WORD_DIGITS;
    }
    if (text.len > 0)
        bad |= strangers(load(text.ptr, text.len));
    return bad == 0;
}

csn_status
csn_hex_decode(csn_span text, uint8_t *out, size_t size)
{
    if (text.len / 2 != size || text.len % 2 != 0)
        return CSN_E_LENGTH;
    if (!csn_is_hex(text))
        return CSN_E_SYNTAX;

    for (; size >= 4; size -= 4, out += 4, text.ptr += WORD_DIGITS)
        csn_put_be32(out, (uint32_t)value(load(text.ptr, WORD_DIGITS)));
    if (size > 0) {
        uint64_t last = value(load(text.ptr, 2 * size));

        csn_put_be(out, last >> (8 * (4 - size)), size);
    }
    return CSN_OK;
}

/* Four octets to eight digits, the other way round. */
static uint64_t
digits_of(uint64_t octets)
{
    uint64_t nibbles = (octets | octets << 16) & UINT64_C(0x0000ffff0000ffff);
    uint64_t letter;

    nibbles = (nibbles | nibbles << 8) & UINT64_C(0x00ff00ff00ff00ff);
    nibbles = (nibbles | nibbles << 4) & EACH(0x0f);
    letter = (nibbles + EACH(0x80 - 10)) >> 7 & EACH(1);
    return nibbles + EACH('0') + letter * ('a' - '0' - 10);
}

void
csn_hex_encode(const uint8_t *octets, size_t len, uint8_t *out)
{
    for (; len >= 4; len -= 4, octets += 4, out += WORD_DIGITS)
        csn_put_be64(out, digits_of(csn_get_be32(octets)));
    if (len > 0)
        csn_put_be(out,
            digits_of(csn_get_be(octets, len) << (8 * (4 - len))) >>
                (16 * (4 - len)),
            2 * len);
}
