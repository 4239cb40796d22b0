// SPDX-License-Identifier: MIT
#include "classes.h"

#include <unictype.h>

/*
 * The bidi rule of RFC 5893, 2, which RFC 8265, 3.4.1 takes over: a name is
 * shown in one order of its characters only, whatever stands around it. The
 * numbers are those of its six conditions.
 */

#define BIT(class) (1u << (class))

#define EITHER                                                                \
    (BIT(UC_BIDI_EN) | BIT(UC_BIDI_ES) | BIT(UC_BIDI_CS) | BIT(UC_BIDI_ET) |  \
        BIT(UC_BIDI_ON) | BIT(UC_BIDI_BN) | BIT(UC_BIDI_NSM))

/* 1, 2 and 3, read from right to left: what a text begins with, what it may
 * have, and what it ends with, but for marks. */
#define FIRST (BIT(UC_BIDI_R) | BIT(UC_BIDI_AL))
#define ANY (FIRST | BIT(UC_BIDI_AN) | EITHER)
#define LAST (FIRST | BIT(UC_BIDI_EN) | BIT(UC_BIDI_AN))

static unsigned
class_of(ucs4_t c)
{
    return BIT((unsigned)uc_bidi_class(c));
}

static unsigned
classes_of(csn_points text)
{
    unsigned all = 0;

    for (size_t i = 0; i < text.len; i++)
        all |= class_of(text.at[i]);
    return all;
}

static unsigned
last_class(csn_points text)
{
    unsigned last = 0;

    for (size_t i = 0; i < text.len; i++) {
        const unsigned class = class_of(text.at[i]);

        last = class == BIT(UC_BIDI_NSM) ? last : class;
    }
    return last;
}

bool
csn_bidi_is_kept(csn_points text)
{
    const unsigned numbers = BIT(UC_BIDI_EN) | BIT(UC_BIDI_AN);
    const unsigned all = classes_of(text);

    if ((all & (BIT(UC_BIDI_R) | BIT(UC_BIDI_AL) | BIT(UC_BIDI_AN))) == 0)
        return true;
    /* Begun from left to right it could not have what it has (5, 6). */
    return (class_of(text.at[0]) & FIRST) != 0 && (all & ~ANY) == 0 &&
        (last_class(text) & LAST) != 0 && (all & numbers) != numbers; /* 4 */
}
