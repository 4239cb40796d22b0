// SPDX-License-Identifier: MIT
#include "counts_rig.h"

#include "memory/window.h"

enum { MAX_STEPS = 20, MAX_WORDS = 4 };

typedef struct step {
    uint32_t nc;
    csn_mark_result_code want;
} step;

/* Counts marked one after another in a new window. */
static const struct row {
    const char *name;
    uint32_t width;
    step steps[MAX_STEPS];
} rows[] = {
    { "D-24 vectors: digest_window_64", 64,
        { { 1, FRESH }, { 2, FRESH }, { 2, REPLAY }, { 5, FRESH },
            { 3, FRESH }, { 4, FRESH }, { 4, REPLAY }, { 1, REPLAY },
            { 0x46, FRESH }, { 6, BELOW }, { 7, FRESH }, { 0x45, FRESH },
            { 0x46, REPLAY }, { 0, BELOW }, { 0x47, FRESH } } },
    { "D-24 the same counts in the window of 256", 256,
        { { 1, FRESH }, { 2, FRESH }, { 2, REPLAY }, { 5, FRESH },
            { 3, FRESH }, { 4, FRESH }, { 4, REPLAY }, { 1, REPLAY },
            { 0x46, FRESH }, { 6, FRESH }, { 7, FRESH }, { 0x45, FRESH },
            { 0x46, REPLAY }, { 0, BELOW }, { 0x47, FRESH } } },
    { "D-23 1 5 5 2 3 4: each once", 256,
        { { 1, FRESH }, { 5, FRESH }, { 5, REPLAY }, { 2, FRESH },
            { 3, FRESH }, { 4, FRESH }, { 1, REPLAY }, { 2, REPLAY },
            { 3, REPLAY }, { 4, REPLAY }, { 5, REPLAY }, { 6, FRESH } } },
    { "D-23 the first count is not 1", 256,
        { { 9, FRESH }, { 9, REPLAY }, { 1, FRESH }, { 8, FRESH } } },
    { "D-24 lowest edge of 256", 256,
        { { 256, FRESH }, { 1, FRESH }, { 257, FRESH }, { 1, BELOW },
            { 2, FRESH }, { 2, REPLAY } } },
    { "D-24 a jump within the window keeps what it holds", 256,
        { { 10, FRESH }, { 11, FRESH }, { 265, FRESH }, { 10, REPLAY },
            { 11, REPLAY }, { 9, BELOW }, { 12, FRESH }, { 264, FRESH } } },
    { "D-24 a jump of 255, the widest that keeps the old", 256,
        { { 1, FRESH }, { 256, FRESH }, { 1, REPLAY }, { 2, FRESH } } },
    { "D-24 a jump of 256 drops the old", 256,
        { { 1, FRESH }, { 257, FRESH }, { 1, BELOW }, { 2, FRESH },
            { 257, REPLAY } } },
    { "D-24 a jump of 257", 256,
        { { 1, FRESH }, { 258, FRESH }, { 1, BELOW }, { 2, BELOW },
            { 3, FRESH }, { 257, FRESH } } },
    { "D-24 skipped counts are free where old ones stood", 64,
        { { 1, FRESH }, { 2, FRESH }, { 3, FRESH }, { 68, FRESH },
            { 65, FRESH }, { 66, FRESH }, { 67, FRESH }, { 65, REPLAY } } },
    { "D-24 a far jump frees every count in between", 64,
        { { 64, FRESH }, { 63, FRESH }, { 1000, FRESH }, { 937, FRESH },
            { 936, BELOW }, { 959, FRESH }, { 960, FRESH } } },
    { "D-24 a far jump frees the lowest place too", 64,
        { { 41, FRESH }, { 1000, FRESH }, { 937, FRESH }, { 936, BELOW } } },
    { "D-24 word borders", 256,
        { { 63, FRESH }, { 64, FRESH }, { 65, FRESH }, { 127, FRESH },
            { 128, FRESH }, { 63, REPLAY }, { 64, REPLAY }, { 65, REPLAY },
            { 127, REPLAY }, { 128, REPLAY }, { 62, FRESH },
            { 126, FRESH } } },
    { "D-23 the largest count", 256,
        { { UINT32_MAX, FRESH }, { UINT32_MAX, REPLAY },
            { UINT32_MAX - 255, FRESH }, { UINT32_MAX - 256, BELOW },
            { 0, BELOW }, { 1, BELOW }, { UINT32_MAX - 1, FRESH } } },
    { "D-23 no count after the largest", 64,
        { { UINT32_MAX - 1, FRESH }, { UINT32_MAX, FRESH }, { 0, BELOW },
            { 1, BELOW }, { UINT32_MAX, REPLAY } } },
    { "D-23 a count whose signed difference overflows", 256,
        { { 0x80000001, FRESH }, { 1, BELOW }, { 0x7fffffff, FRESH },
            { 0x80000000, FRESH } } },
    { "D-23 zero is no count, not even in a new window", 256,
        { { 0, BELOW }, { 1, FRESH }, { 0, BELOW } } },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    uint64_t *bits = calloc(row->width / 64, sizeof(*bits));
    uint32_t highest = 0;

    assert_non_null(bits);
    for (size_t i = 0; i < MAX_STEPS; i++) {
        const step *s = &row->steps[i];
        char where[96];

        if (i > 0 && s->nc == 0 && s->want == 0)
            break;
        snprintf(where, sizeof(where), "%s, step %zu", row->name, i);
        CHECK_EQ(where, csn_window_mark(bits, row->width, &highest, s->nc),
            s->want);
    }
    free(bits);
}

/*
 * RFC 8120, 6, has an example of the same idea: counts used, and which of
 * them a server with nc-window 128 still takes.
 */
static void
test_mutual_example(void **state)
{
    static const uint32_t used[][2] = { { 1, 120 }, { 122, 122 }, { 124, 124 },
        { 130, 238 }, { 255, 360 }, { 363, 372 } };
    static const uint32_t usable[][2] = { { 245, 254 }, { 361, 362 },
        { 373, 400 } };
    uint64_t bits[2] = { 0 };
    uint32_t highest = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        for (uint32_t nc = used[i][0]; nc <= used[i][1]; nc++)
            assert_int_equal(csn_window_mark(bits, 128, &highest, nc), FRESH);
    }
    for (uint32_t nc = 1; nc <= 400; nc++) {
        uint64_t copy[2] = { bits[0], bits[1] };
        uint32_t copy_highest = highest;
        bool want = false;

        for (size_t i = 0; i < COUNT_OF(usable); i++)
            want = want || (nc >= usable[i][0] && nc <= usable[i][1]);
        CHECK_EQ("RFC 8120, 6",
            csn_window_mark(copy, 128, &copy_highest, nc) == FRESH, want);
    }
}

/* A refusal leaves the window as it was. */
static void
test_refusal_changes_nothing(void **state)
{
    uint64_t bits[MAX_WORDS] = { 0 };
    uint64_t before[MAX_WORDS];
    uint32_t highest = 0;

    (void)state;
    assert_int_equal(csn_window_mark(bits, 256, &highest, 700), FRESH);
    assert_int_equal(csn_window_mark(bits, 256, &highest, 500), FRESH);
    memcpy(before, bits, sizeof(bits));
    assert_int_equal(csn_window_mark(bits, 256, &highest, 500), REPLAY);
    assert_int_equal(csn_window_mark(bits, 256, &highest, 700), REPLAY);
    assert_int_equal(csn_window_mark(bits, 256, &highest, 444), BELOW);
    assert_int_equal(csn_window_mark(bits, 256, &highest, 0), BELOW);
    assert_memory_equal(before, bits, sizeof(bits));
    assert_int_equal(highest, 700);
}

/* Every pair of counts over three widths: the second one against what the
 * definition says, "nc > highest - width and not marked". */
static void
test_every_pair(void **state)
{
    const uint32_t width = 64;

    (void)state;
    for (uint32_t first = 1; first <= 3 * width; first++) {
        for (uint32_t second = 1; second <= 3 * width; second++) {
            uint64_t bits[1] = { 0 };
            uint32_t highest = 0;
            csn_mark_result_code want = FRESH;

            assert_int_equal(csn_window_mark(bits, width, &highest, first),
                FRESH);
            if (second == first)
                want = REPLAY;
            else if (second + width <= first)
                want = BELOW;
            assert_int_equal(csn_window_mark(bits, width, &highest, second),
                want);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-24 RFC 8120, 6: which counts are usable", test_mutual_example,
            NULL, NULL, NULL },
        { "D-23 a refusal changes nothing", test_refusal_changes_nothing, NULL,
            NULL, NULL },
        { "D-24 every pair of counts", test_every_pair, NULL, NULL, NULL },
    };
    int failed = CHECK_ROWS("window", rows, test_row);

    return failed +
        cmocka_run_group_tests_name("window whole", tests, NULL, NULL);
}
