// SPDX-License-Identifier: MIT
#include "core/base64url.h"

#include <string.h>

// clang-format off
static const uint8_t alphabet[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd',
    'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's',
    't', 'u', 'v', 'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', '-', '_',
};

/* Digit value plus one, so an octet left out of the table is refused. */
static const uint8_t value_plus1[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,
    ['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
    ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
    ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};
// clang-format on

static inline uint32_t
digit(uint8_t octet)
{
    return value_plus1[octet] - 1u;
}

void
csn_base64url_encode(const uint8_t *octets, size_t len, uint8_t *out)
{
    for (; len >= 3; len -= 3, octets += 3) {
        uint32_t group = (uint32_t)octets[0] << 16 | (uint32_t)octets[1] << 8 |
            octets[2];

        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (len == 2) {
        *out++ = alphabet[octets[0] >> 2];
        *out++ = alphabet[(octets[0] << 4 | octets[1] >> 4) & 63];
        *out++ = alphabet[octets[1] << 2 & 63];
    } else if (len == 1) {
        *out++ = alphabet[octets[0] >> 2];
        *out++ = alphabet[octets[0] << 4 & 63];
    }
}

/*
 * Four digits to three octets. A digit that is none sets the top bit of the
 * result.
 */
static inline uint32_t
join(const uint8_t in[4], uint8_t out[3])
{
    uint32_t group = digit(in[0]) << 18 | digit(in[1]) << 12 |
        digit(in[2]) << 6 | digit(in[3]);

    out[0] = (uint8_t)(group >> 16);
    out[1] = (uint8_t)(group >> 8);
    out[2] = (uint8_t)group;
    return group;
}

csn_status
csn_base64url_decode(csn_span text, uint8_t *out, size_t size)
{
    uint8_t octets[CSN_BASE64URL_MAX + 3]; /* whole groups; one may be 'A's */
    uint8_t last[4] = { 'A', 'A', 'A', 'A' };
    uint8_t *to = octets;
    uint32_t bad = 0;

    if (size > CSN_BASE64URL_MAX || text.len != CSN_BASE64URL_LEN(size))
        return CSN_E_LENGTH;
    if (size == 0)
        return CSN_OK;

    for (; text.len >= 4; text.len -= 4, text.ptr += 4, to += 3)
        bad |= join(text.ptr, to);
    memcpy(last, text.ptr, text.len);
    bad |= join(last, to);
    /* Behind the last octet there are only bits that stand for nothing. */
    if (bad >> 31 != 0 || octets[size] != 0)
        return CSN_E_SYNTAX;
    memcpy(out, octets, size);
    return CSN_OK;
}
