// SPDX-License-Identifier: MIT
#include "vectors.h"

/*
 * No vector is left out in silence: every group of the file is either run by
 * a program of this folder or named here as of a later version.
 */

static const char *const run[] = { "digest_published", "digest_matrix",
    "digest_special", "digest_chains", "digest_mistakes", "uri_match",
    "counts", "parse" };
static const char *const later[] = { "scram", "mutual" };
static const char *const text[] = { "format", "about", "conventions" };

static bool
is_in(const char *const *list, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], key) == 0)
            return true;
    }
    return false;
}

static void
test_groups(void **state)
{
    json_t *all = *state, *group;
    const char *key;

    json_object_foreach(all, key, group)
    {
        if (!is_in(run, COUNT_OF(run), key) &&
            !is_in(later, COUNT_OF(later), key) &&
            !is_in(text, COUNT_OF(text), key)) {
            print_error("nobody runs \"%s\"\n", key);
            fail();
        }
    }
}

static void
test_present(void **state)
{
    json_t *all = *state;

    for (size_t i = 0; i < COUNT_OF(run); i++)
        CHECK_EQ(run[i], json_object_get(all, run[i]) != NULL, true);
    CHECK_EQ("format", json_integer_value(json_object_get(all, "format")), 1);
}

static void
test_later(void **state)
{
    json_t *group = json_object_get(*state, later[0]);

    print_message("not in this version: %s (%zu), %s (%zu)\n", later[0],
        json_is_array(group) ? json_array_size(group)
                             : json_object_size(group),
        later[1], json_object_size(json_object_get(*state, later[1])));
    skip();
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    const struct CMUnitTest tests[] = {
        { "every group is known", test_groups, NULL, NULL, all },
        { "every group that is run is there", test_present, NULL, NULL, all },
        { "groups of a later version", test_later, NULL, NULL, all },
    };
    int failed = cmocka_run_group_tests_name("census", tests, NULL, NULL);

    json_decref(all);
    return failed;
}
