// SPDX-License-Identifier: MIT
#include "classes.h"

#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>

/*
 * What RFC 8264, 8 derives of a code point's properties. Its categories are
 * asked in its order, and the first that applies decides; the table of code
 * points in appendix A of older texts is not used, as it ends with Unicode
 * 6.3 (RFC 8264, 10.1).
 */

enum { COMPAT_MAX = 32 /* U+FDFA becomes 18 code points, the most */ };

#define LETTER_DIGITS                                                         \
    (UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu | UC_CATEGORY_MASK_Lo |        \
        UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn |     \
        UC_CATEGORY_MASK_Mc)
#define OTHER_LETTER_DIGITS                                                   \
    (UC_CATEGORY_MASK_Lt | UC_CATEGORY_MASK_Nl | UC_CATEGORY_MASK_No |        \
        UC_CATEGORY_MASK_Me)

/* 9.6, which has the exceptions of RFC 5892, 2.6. */
static bool
is_valid_exception(ucs4_t c)
{
    return c == 0x00df || c == 0x03c2 || c == 0x06fd || c == 0x06fe ||
        c == 0x0f0b || c == 0x3007;
}

static bool
is_refused_exception(ucs4_t c)
{
    return c == 0x0640 || c == 0x07fa || c == 0x302e || c == 0x302f ||
        (c >= 0x3031 && c <= 0x3035) || c == 0x303b;
}

static bool
is_in_context(ucs4_t c)
{
    return csn_context_is_needed(c);
}

/* 9.10 */
static bool
is_unassigned(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cn) &&
        !uc_is_property_not_a_character(c);
}

/* 9.11; U+0020 is a space. */
static bool
is_ascii7(ucs4_t c)
{
    return c >= 0x21 && c <= 0x7e;
}

/* 9.9: of these syllables are made that have a character of their own. */
static bool
is_old_hangul_jamo(ucs4_t c)
{
    const int part = uc_graphemeclusterbreak_property(c);

    return part == GBP_L || part == GBP_V || part == GBP_T;
}

/* 9.13 */
static bool
is_ignorable(ucs4_t c)
{
    return uc_is_property_default_ignorable_code_point(c) ||
        uc_is_property_not_a_character(c);
}

/* 9.12 */
static bool
is_control(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc);
}

/* 9.17 */
static bool
has_compat(ucs4_t c)
{
    ucs4_t form[COMPAT_MAX];
    size_t len = COMPAT_MAX;

    /* It never takes memory: the form fits. */
    return u32_normalize(UNINORM_NFKC, &c, 1, form, &len) == form &&
        (len != 1 || form[0] != c);
}

/* 9.14, of which 9.17 has taken most */
static bool
is_space(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs);
}

static bool
is_letter_or_digit(ucs4_t c)
{
    return uc_is_general_category_withtable(c, LETTER_DIGITS);
}

static bool
is_other_letter_or_digit(ucs4_t c)
{
    return uc_is_general_category_withtable(c, OTHER_LETTER_DIGITS);
}

static bool
is_symbol(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_S);
}

static bool
is_punctuation(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_P);
}

/* A compatibility form that is a space: the spaces' own word for it. */
static bool
is_compat_space(ucs4_t c)
{
    return is_space(c) && has_compat(c);
}

static const struct {
    bool (*applies)(ucs4_t c);
    csn_prepare_fault in[2]; /* by csn_class */
} rules[] = {
#define BOTH(fault)                                                           \
    {                                                                         \
        fault, fault                                                          \
    }
#define FREEFORM(fault)                                                       \
    {                                                                         \
        fault, CSN_PREPARE_FINE                                               \
    }
    { is_valid_exception, BOTH(CSN_PREPARE_FINE) },
    { is_in_context, BOTH(CSN_PREPARE_FINE) },
    { is_refused_exception, BOTH(CSN_PREPARE_OTHER) },
    { is_unassigned, BOTH(CSN_PREPARE_UNASSIGNED) },
    { is_ascii7, BOTH(CSN_PREPARE_FINE) },
    { is_old_hangul_jamo, BOTH(CSN_PREPARE_OTHER) },
    { is_ignorable, BOTH(CSN_PREPARE_INVISIBLE) },
    { is_control, BOTH(CSN_PREPARE_CONTROL) },
    { is_compat_space, FREEFORM(CSN_PREPARE_SPACE) },
    { has_compat, FREEFORM(CSN_PREPARE_COMPATIBILITY) },
    { is_letter_or_digit, BOTH(CSN_PREPARE_FINE) },
    { is_other_letter_or_digit, FREEFORM(CSN_PREPARE_OTHER) },
    { is_space, FREEFORM(CSN_PREPARE_SPACE) },
    { is_symbol, FREEFORM(CSN_PREPARE_SYMBOL) },
    { is_punctuation, FREEFORM(CSN_PREPARE_PUNCTUATION) },
#undef BOTH
#undef FREEFORM
};

static csn_prepare_fault
point_fault(ucs4_t c, csn_class in)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].applies(c))
            return rules[i].in[in];
    }
    return CSN_PREPARE_OTHER;
}

csn_prepare_fault
csn_class_fault(csn_points text, csn_class in)
{
    for (size_t i = 0; i < text.len; i++) {
        csn_prepare_fault fault = point_fault(text.at[i], in);

        if (fault != CSN_PREPARE_FINE)
            return fault;
        if (csn_context_is_needed(text.at[i]) && !csn_context_allows(text, i))
            return CSN_PREPARE_CONTEXT;
    }
    return CSN_PREPARE_FINE;
}
