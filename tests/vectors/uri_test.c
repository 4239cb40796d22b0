// SPDX-License-Identifier: MIT
#include "vectors.h"

/* The "uri_match" group: uri against the request's target. */

static const struct {
    const char *name;
    csn_uri_match match;
} verdicts[] = {
    { "same", CSN_URI_SAME },
    { "equivalent", CSN_URI_EQUIVALENT },
    { "different", CSN_URI_DIFFERENT },
};

static void
test_match(void **state)
{
    const json_t *item = *state;
    const csn_target request = {
        .method = vectors_text(item, "method"),
        .target = vectors_text(item, "request_target"),
        .scheme = vectors_text(item, "scheme"),
        .authority = vectors_text(item, "host"),
    };
    const char *want = json_string_value(vectors_member(item, "verdict"));
    csn_span uri = check_exact(vectors_text(item, "uri"));
    bool known = false;

    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        if (strcmp(want, verdicts[i].name) != 0)
            continue;
        known = true;
        CHECK_EQ((const char *)vectors_text(item, "uri").ptr,
            csn_uri_compare(&request, uri), verdicts[i].match);
    }
    CHECK_EQ(want, known, true);
    check_drop(uri);
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    int failed = vectors_run("uri_match", "D-29, D-35 uri",
        json_object_get(all, "uri_match"), test_match);

    json_decref(all);
    return failed;
}
