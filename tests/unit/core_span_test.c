// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/span.h"

static const struct pair {
    const char *name;
    csn_span a, b;
    bool equal, nocase;
} pairs[] = {
    { "the same", CSN_LIT("realm"), CSN_LIT("realm"), true, true },
    { "A-08 another case", CSN_LIT("rEaLm"), CSN_LIT("ReAlM"), false, true },
    { "another length", CSN_LIT("realm"), CSN_LIT("real"), false, false },
    { "first octet", CSN_LIT("xealm"), CSN_LIT("realm"), false, false },
    { "last octet", CSN_LIT("realx"), CSN_LIT("realm"), false, false },
    { "both empty", CSN_LIT(""), { NULL, 0 }, true, true },
    { "one empty", CSN_LIT(""), CSN_LIT("a"), false, false },
    { "A-61 NUL counts", CSN_LIT("a\0b"), CSN_LIT("a\0c"), false, false },
    { "A-61 high octets have no case", CSN_LIT("\xc3\x84"),
        CSN_LIT("\xc3\xa4"), false, false },
    { "A-08 next to the letters there is no case", CSN_LIT("@[`{"),
        CSN_LIT("`{@["), false, false },
};

static void
test_pair(void **state)
{
    const struct pair *pair = *state;
    csn_span a = check_exact(pair->a), b = check_exact(pair->b);

    CHECK_EQ(pair->name, csn_span_equal(a, b), pair->equal);
    CHECK_EQ(pair->name, csn_span_equal(b, a), pair->equal);
    CHECK_EQ(pair->name, csn_span_equal_nocase(a, b), pair->nocase);
    CHECK_EQ(pair->name, csn_span_equal_nocase(b, a), pair->nocase);
    check_drop(a);
    check_drop(b);
}

static void
test_slice(void **state)
{
    static const csn_span text = CSN_LIT("abcdef");

    (void)state;
    CHECK_SPAN("inside", csn_span_slice(text, 2, 3), CSN_SPAN("cde"));
    CHECK_SPAN("whole", csn_span_slice(text, 0, 6), text);
    CHECK_SPAN("clipped", csn_span_slice(text, 4, 9), CSN_SPAN("ef"));
    CHECK_SPAN("clipped far", csn_span_slice(text, 1, SIZE_MAX),
        CSN_SPAN("bcdef"));
    CHECK_SPAN("at the end", csn_span_slice(text, 6, 1), CSN_SPAN(""));
    CHECK_SPAN("behind it", csn_span_slice(text, SIZE_MAX, 1), CSN_SPAN(""));
    CHECK_EQ("stays inside",
        csn_span_slice(text, 9, 1).ptr == text.ptr + text.len, true);
    CHECK_SPAN("of nothing", csn_span_slice((csn_span){ NULL, 0 }, 1, 1),
        CSN_SPAN(""));
}

static const struct trim {
    const char *name;
    csn_span text, want;
} trims[] = {
    { "A-26 both ends", CSN_LIT(" \ta b\t "), CSN_LIT("a b") },
    { "A-26 nothing to do", CSN_LIT("a"), CSN_LIT("a") },
    { "A-26 blanks alone", CSN_LIT(" \t "), CSN_LIT("") },
    { "A-26 empty", CSN_LIT(""), CSN_LIT("") },
    { "A-26 other white space stays", CSN_LIT("\va\f"), CSN_LIT("\va\f") },
};

static void
test_trim(void **state)
{
    const struct trim *row = *state;
    csn_span exact = check_exact(row->text);

    CHECK_SPAN(row->name, csn_span_trim(exact), row->want);
    check_drop(exact);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "slices are clipped", test_slice, NULL, NULL, NULL },
    };

    return CHECK_ROWS("equal", pairs, test_pair) +
        CHECK_ROWS("trim", trims, test_trim) +
        cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
