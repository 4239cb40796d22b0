// SPDX-License-Identifier: MIT
#ifndef CSN_HTTP_SCAN_H
#define CSN_HTTP_SCAN_H

#include "core/ascii.h"
#include "core/bytes.h"
#include "core/compiler.h"

#include <string.h>

/*
 * Runs of octets, from `p` up to `end` at most. Short runs (names, blanks)
 * go through the class table octet by octet; what may be long (quoted text,
 * whole lines) goes in words, first octet lowest, in which the octets that
 * end the run are marked by their top bits.
 */

#define CSN_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

enum { CSN_SCAN_WORD = 8 };

static CSN_INLINE const uint8_t *
csn_scan_class(const uint8_t *p, const uint8_t *end, uint8_t classes)
{
    while (p < end && csn_ascii_is(*p, classes))
        p++;
    return p;
}

/*
 * The marks of what is no qdtext in eight octets below 0x80; of octets above,
 * which are qdtext, the caller drops them. A mark may be false only behind a
 * true one: the subtractions borrow upwards. Control octets and the quotation
 * mark are one test: with bit 1 turned over they are 0x00 to 0x20.
 */
static CSN_INLINE uint64_t
csn_scan_marks(uint64_t word)
{
    return ((word ^ CSN_EACH(0x02)) - CSN_EACH(0x21)) |
        ((word ^ CSN_EACH('\\')) - CSN_EACH(1)) |
        ((word ^ CSN_EACH(0x7f)) - CSN_EACH(1));
}

/* Which octet has the first mark: so many octets are below it. */
static CSN_INLINE size_t
csn_scan_first(uint64_t marks)
{
    uint64_t below = ((marks - 1) & ~marks) >> 7;

    return (size_t)((below & CSN_EACH(1)) * CSN_EACH(1) >> 56);
}

/*
 * Over a token. Names are nearly all letters: a word tells where those end,
 * and mostly the token ends there too.
 */
static CSN_INLINE const uint8_t *
csn_scan_token(const uint8_t *p, const uint8_t *end)
{
    if (end - p >= CSN_SCAN_WORD) {
        uint64_t word = csn_get_le64(p);
        uint64_t low = (word | CSN_EACH(0x20)) & CSN_EACH(0x7f);
        uint64_t others = ~(low + CSN_EACH(0x80 - 'a')) |
            (low + CSN_EACH(0x80 - 'z' - 1)) | word;

        others &= CSN_EACH(0x80);
        p += others != 0 ? csn_scan_first(others) : CSN_SCAN_WORD;
    }
    return csn_scan_class(p, end, CSN_CLASS_TCHAR);
}

/*
 * Over qdtext, to a quotation mark, a backslash or a control octet. HTAB is
 * qdtext too and a control octet only to the words, hence the two loops.
 */
static CSN_INLINE const uint8_t *
csn_scan_qdtext(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= CSN_SCAN_WORD) {
        uint64_t word = csn_get_le64(p);
        uint64_t marks = csn_scan_marks(word) & ~word & CSN_EACH(0x80);

        if (marks == 0) {
            p += CSN_SCAN_WORD;
            continue;
        }
        p += csn_scan_first(marks);
        if (*p != '\t')
            return p;
        p++;
    }
    return csn_scan_class(p, end, CSN_CLASS_QDTEXT);
}

/* Not zero if and only if a control octet, DEL aside, is in the word. */
static CSN_INLINE uint64_t
csn_scan_control(const uint8_t *p)
{
    uint64_t word = csn_get_le64(p);

    return (word - CSN_EACH(0x20)) & ~word & CSN_EACH(0x80);
}

/* To the first CR, LF or NUL. */
static CSN_INLINE const uint8_t *
csn_scan_line(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 4 * CSN_SCAN_WORD) {
        if ((csn_scan_control(p) | csn_scan_control(p + 8) |
                csn_scan_control(p + 16) | csn_scan_control(p + 24)) != 0)
            break;
        p += 4 * CSN_SCAN_WORD;
    }
    for (;; p++) {
        while (end - p >= CSN_SCAN_WORD && csn_scan_control(p) == 0)
            p += CSN_SCAN_WORD;
        if (p == end || *p == '\r' || *p == '\n' || *p == '\0')
            return p;
    }
}

/*
 * A quoted-string's inside, `p` just behind its opening mark. Returns where
 * the closing mark is and counts the backslash pairs; NULL when there is
 * none or an octet is not allowed.
 */
static CSN_INLINE const uint8_t *
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
