// SPDX-License-Identifier: MIT
#include "classes.h"

#include <unictype.h>

/* Characters that only their neighbours make sense of: RFC 5892, appendix A,
 * whose rules RFC 8264, 4.2.2 and 4.3.2 take over. */

enum { VIRAMA = 9 /* the canonical combining class */ };

/* What stands `by` places behind it; 0, which is in no script and joins
 * nothing, past either end. */
static ucs4_t
neighbour(csn_points text, size_t i, int by)
{
    if (by < 0)
        return i == 0 ? 0 : text.at[i - 1];
    return i + 1 == text.len ? 0 : text.at[i + 1];
}

static bool
is_of(ucs4_t c, const char *script)
{
    return c != 0 && uc_is_script(c, uc_script_byname(script));
}

static bool
is_behind_virama(csn_points text, size_t i)
{
    const ucs4_t before = neighbour(text, i, -1);

    return before != 0 && uc_combining_class(before) == VIRAMA;
}

/* The first joining type on one side that is not transparent. */
static int
joining_type(csn_points text, size_t i, bool ahead)
{
    int type = UC_JOINING_TYPE_T;

    while (type == UC_JOINING_TYPE_T) {
        if (ahead ? ++i == text.len : i-- == 0)
            return UC_JOINING_TYPE_U;
        type = uc_joining_type(text.at[i]);
    }
    return type;
}

/* A.1: between letters that would join without it, or behind a virama. */
static bool
allows_zwnj(csn_points text, size_t i)
{
    const int before = joining_type(text, i, false);
    const int after = joining_type(text, i, true);

    if (is_behind_virama(text, i))
        return true;
    return (before == UC_JOINING_TYPE_L || before == UC_JOINING_TYPE_D) &&
        (after == UC_JOINING_TYPE_R || after == UC_JOINING_TYPE_D);
}

/* A.3, as Catalan has it */
static bool
allows_middle_dot(csn_points text, size_t i)
{
    return neighbour(text, i, -1) == 'l' && neighbour(text, i, 1) == 'l';
}

/* A.4 */
static bool
allows_keraia(csn_points text, size_t i)
{
    return is_of(neighbour(text, i, 1), "Greek");
}

/* A.5 and A.6 */
static bool
allows_geresh(csn_points text, size_t i)
{
    return is_of(neighbour(text, i, -1), "Hebrew");
}

/* A.7: anywhere in a text with Japanese or Chinese writing. */
static bool
allows_katakana_dot(csn_points text, size_t i)
{
    (void)i;
    for (size_t at = 0; at < text.len; at++) {
        const ucs4_t c = text.at[at];

        if (is_of(c, "Hiragana") || is_of(c, "Katakana") || is_of(c, "Han"))
            return true;
    }
    return false;
}

static bool
has_between(csn_points text, ucs4_t first, ucs4_t last)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] >= first && text.at[i] <= last)
            return true;
    }
    return false;
}

/* A.8 and A.9: the digits of both kinds look alike, so never together. */
static bool
allows_arabic_digit(csn_points text, size_t i)
{
    (void)i;
    return !has_between(text, 0x06f0, 0x06f9);
}

static bool
allows_extended_digit(csn_points text, size_t i)
{
    (void)i;
    return !has_between(text, 0x0660, 0x0669);
}

static const struct {
    ucs4_t first;
    ucs4_t last;
    bool (*allows)(csn_points text, size_t i);
} rules[] = {
    { 0x00b7, 0x00b7, allows_middle_dot },
    { 0x0375, 0x0375, allows_keraia },
    { 0x05f3, 0x05f4, allows_geresh },
    { 0x0660, 0x0669, allows_arabic_digit },
    { 0x06f0, 0x06f9, allows_extended_digit },
    { 0x200c, 0x200c, allows_zwnj },
    { 0x200d, 0x200d, is_behind_virama },
    { 0x30fb, 0x30fb, allows_katakana_dot },
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static size_t
rule_of(ucs4_t c)
{
    size_t i = 0;

    while (i < RULES && (c < rules[i].first || c > rules[i].last))
        i++;
    return i;
}

bool
csn_context_is_needed(ucs4_t c)
{
    return rule_of(c) < RULES;
}

bool
csn_context_allows(csn_points text, size_t i)
{
    return rules[rule_of(text.at[i])].allows(text, i);
}
