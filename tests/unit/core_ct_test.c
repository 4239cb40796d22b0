// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/ct.h"

enum { LEN = 40 };

/* Any one bit that differs is noticed, at every length and place. */
static void
test_equal(void **state)
{
    uint8_t a[LEN], b[LEN];

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        a[i] = b[i] = (uint8_t)(i * 37);
    for (size_t len = 0; len <= LEN; len++) {
        CHECK_EQ("equal", csn_ct_equal(a, b, len), true);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_EQ("one bit", csn_ct_equal(a, b, len), false);
            b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* What lies behind the length does not count, nor is it read. */
static void
test_length(void **state)
{
    csn_span a = check_exact(CSN_SPAN("abcd"));
    csn_span b = check_exact(CSN_SPAN("abcd"));

    (void)state;
    CHECK_EQ("exact", csn_ct_equal(a.ptr, b.ptr, 4), true);
    CHECK_EQ("first", csn_ct_equal("abX", "abY", 2), true);
    check_drop(a);
    check_drop(b);
}

/* Two differences that cancel out when added or xored are two still. */
static void
test_cancel(void **state)
{
    static const uint8_t a[2] = { 1, 2 }, swapped[2] = { 2, 1 };
    static const uint8_t zeros[2] = { 0, 0 }, both[2] = { 3, 3 };

    (void)state;
    CHECK_EQ("swapped", csn_ct_equal(a, swapped, 2), false);
    CHECK_EQ("the same bit twice", csn_ct_equal(zeros, both, 2), false);
}

static void
test_wipe(void **state)
{
    uint8_t memory[LEN];

    (void)state;
    for (size_t len = 0; len <= LEN - 2; len++) {
        memset(memory, 0xa5, sizeof(memory));
        csn_wipe(memory + 1, len);
        for (size_t i = 0; i < LEN; i++)
            CHECK_EQ("wiped", memory[i], i >= 1 && i <= len ? 0 : 0xa5);
    }
    csn_wipe(NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-01 one bit makes unequal", test_equal, NULL, NULL, NULL },
        { "H-01 the length alone counts", test_length, NULL, NULL, NULL },
        { "H-01 differences do not cancel out", test_cancel, NULL, NULL,
            NULL },
        { "H-23 what is wiped is zero, and nothing else", test_wipe, NULL,
            NULL, NULL },
    };

    return cmocka_run_group_tests_name("ct", tests, NULL, NULL);
}
