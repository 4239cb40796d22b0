// SPDX-License-Identifier: MIT
#ifndef CSN_HTTP_SCAN_H
#define CSN_HTTP_SCAN_H

#include "core/ascii.h"
#include "core/compiler.h"

/*
 * Runs of octets, from `p` up to `end` at most: sixteen at a time while there
 * are so many, the rest octet by octet through the class table.
 */

static CSN_INLINE const uint8_t *
csn_scan_class(const uint8_t *p, const uint8_t *end, uint8_t classes)
{
    while (p < end && csn_ascii_is(*p, classes))
        p++;
    return p;
}

/*
 * Over qdtext, to a quotation mark, a backslash or a control octet. HTAB is
 * qdtext and is stepped over alone.
 */
static CSN_INLINE const uint8_t *
csn_scan_qdtext(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= CSN_WIDE) {
        csn_wide text = csn_wide_load(p);
        csn_wide low = csn_wide_or(csn_wide_below(text, 0x20),
            csn_wide_equal(text, 0x7f));
        csn_wide marks = csn_wide_or(csn_wide_equal(text, '"'),
            csn_wide_equal(text, '\\'));
        size_t run = csn_wide_before(csn_wide_or(low, marks));

        p += run;
        if (run == CSN_WIDE)
            continue;
        if (*p != '\t')
            return p;
        p++;
    }
    return csn_scan_class(p, end, CSN_CLASS_QDTEXT);
}

/*
 * Over a token. Names are nearly all letters: where those end mostly the
 * token ends too.
 */
static CSN_INLINE const uint8_t *
csn_scan_token(const uint8_t *p, const uint8_t *end)
{
    if (end - p >= CSN_WIDE) {
        csn_wide text = csn_wide_load(p);

        p += csn_wide_before(csn_wide_not_letters(text));
    }
    return csn_scan_class(p, end, CSN_CLASS_TCHAR);
}

/* The control octets, DEL aside, among the next sixteen. */
static CSN_INLINE csn_wide
csn_scan_control(const uint8_t *p)
{
    return csn_wide_below(csn_wide_load(p), 0x20);
}

/* To the first CR, LF or NUL. */
static CSN_INLINE const uint8_t *
csn_scan_line(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 4 * CSN_WIDE) {
        csn_wide low = csn_wide_or(csn_scan_control(p),
            csn_scan_control(p + CSN_WIDE));
        csn_wide high = csn_wide_or(csn_scan_control(p + 2 * CSN_WIDE),
            csn_scan_control(p + 3 * CSN_WIDE));

        if (csn_wide_before(csn_wide_or(low, high)) != CSN_WIDE)
            break;
        p += 4 * CSN_WIDE;
    }
    while (end - p >= CSN_WIDE &&
        csn_wide_before(csn_scan_control(p)) == CSN_WIDE)
        p += CSN_WIDE;
    while (p < end && *p != '\r' && *p != '\n' && *p != '\0')
        p++;
    return p;
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
