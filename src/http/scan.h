// SPDX-License-Identifier: MIT
#ifndef CSN_HTTP_SCAN_H
#define CSN_HTTP_SCAN_H

#include "core/ascii.h"

#include <string.h>

/*
 * Runs of octets, from `p` up to `end` at most. Short runs (names, blanks)
 * go through the class table octet by octet; what may be long (quoted text,
 * whole lines) goes eight octets at a time while nothing of interest is among
 * them. Which octet of a word is first does not matter to any of this.
 */

#define CSN_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

static inline const uint8_t *
csn_scan_class(const uint8_t *p, const uint8_t *end, uint8_t classes)
{
    while (p < end && csn_ascii_is(*p, classes))
        p++;
    return p;
}

static inline uint64_t
csn_scan_word(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Not zero if and only if an octet of `word` is below `bound` (<= 0x80). */
static inline uint64_t
csn_scan_below(uint64_t word, unsigned bound)
{
    return (word - CSN_EACH(bound)) & ~word & CSN_EACH(0x80);
}

static inline uint64_t
csn_scan_has(uint64_t word, uint8_t octet)
{
    return csn_scan_below(word ^ CSN_EACH(octet), 1);
}

/* Over qdtext, to a quotation mark, a backslash or a control octet. */
static inline const uint8_t *
csn_scan_qdtext(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word = csn_scan_word(p);

        if (csn_scan_below(word, 0x20) | csn_scan_has(word, '"') |
            csn_scan_has(word, '\\') | csn_scan_has(word, 0x7f))
            break;
    }
    return csn_scan_class(p, end, CSN_CLASS_QDTEXT);
}

/* To the first CR, LF or NUL. */
static inline const uint8_t *
csn_scan_line(const uint8_t *p, const uint8_t *end)
{
    for (;; p++) {
        while (end - p >= 8 && !csn_scan_below(csn_scan_word(p), 0x20))
            p += 8;
        if (p == end || *p == '\r' || *p == '\n' || *p == '\0')
            return p;
    }
}

/*
 * A quoted-string's inside, `p` just behind its opening mark. Returns where
 * the closing mark is and counts the backslash pairs; NULL when there is
 * none or an octet is not allowed.
 */
static inline const uint8_t *
csn_scan_quoted(const uint8_t *p, const uint8_t *end, size_t *pairs)
{
    for (*pairs = 0;; ++*pairs, p += 2) {
        p = csn_scan_qdtext(p, end);
        if (p < end && *p == '"')
            return p;
        if (end - p < 2 || *p != '\\' || !csn_ascii_is(p[1], CSN_CLASS_QPAIR))
            return NULL;
    }
}

#endif
