// SPDX-License-Identifier: MIT
#include "vectors.h"

#include "memory/window.h"

/*
 * The "counts" group. Its window is 64 counts wide; the table's own is wider,
 * so the same steps are taken there once more, with all counts from the jump
 * on moved up by the difference: distances to the highest are what matters.
 */

enum { NARROW = 64, JUMP = 0x45 };

static void
run_window(const json_t *steps, uint32_t width)
{
    uint64_t bits[CSN_NC_WINDOW / 64] = { 0 };
    uint32_t highest = 0;
    size_t i;
    json_t *step;

    json_array_foreach(steps, i, step)
    {
        const char *text = json_string_value(vectors_member(step, "nc"));
        uint32_t nc = (uint32_t)strtoul(text, NULL, 16);

        if (nc >= JUMP)
            nc += width - NARROW;
        CHECK_EQ(text,
            csn_window_mark(bits, width, &highest, nc) == CSN_MARK_FRESH,
            json_is_true(vectors_member(step, "accepted")));
    }
}

static void
test_narrow(void **state)
{
    run_window(*state, NARROW);
}

static void
test_wide(void **state)
{
    run_window(*state, CSN_NC_WINDOW);
}

static void
test_mutual(void **state)
{
    (void)state;
    print_message("not in this version: Mutual\n");
    skip();
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    json_t *counts = json_object_get(all, "counts");
    json_t *steps = json_object_get(counts, "digest_window_64");
    const struct CMUnitTest tests[] = {
        { "D-24 counts in a window of 64", test_narrow, NULL, NULL, steps },
        { "D-24 counts in the table's own window", test_wide, NULL, NULL,
            steps },
        { "counts of Mutual, section J", test_mutual, NULL, NULL, NULL },
    };
    int failed = cmocka_run_group_tests_name("counts", tests, NULL, NULL);

    json_decref(all);
    return failed;
}
