// SPDX-License-Identifier: MIT
#include "vectors.h"

json_t *
vectors_load(int argc, char **argv)
{
    json_error_t error;
    json_t *all = argc == 2 ? json_load_file(argv[1], JSON_ALLOW_NUL, &error)
                            : NULL;

    if (all == NULL) {
        fprintf(stderr, "%s: needs the vectors file: %s\n", argv[0],
            argc == 2 ? error.text : "no argument");
        exit(1);
    }
    return all;
}

json_t *
vectors_member(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);

    if (member == NULL) {
        print_error("vector has no \"%s\"\n", key);
        fail();
    }
    return member;
}

csn_span
vectors_text(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);

    if (!json_is_string(text))
        return (csn_span){ NULL, 0 };
    return (csn_span){ (const uint8_t *)json_string_value(text),
        json_string_length(text) };
}

int
vectors_run(const char *group, const char *what, json_t *items,
    CMUnitTestFunction fn)
{
    size_t count = json_array_size(items);
    struct CMUnitTest *tests = calloc(count + 1, sizeof(*tests));
    char(*names)[96] = calloc(count + 1, sizeof(*names));
    int failed;

    if (tests == NULL || names == NULL || count == 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(items, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        int used = snprintf(names[i], sizeof(names[i]), "%s ", what);

        if (id != NULL)
            (void)snprintf(names[i] + used, sizeof(names[i]) - (size_t)used,
                "%s", id);
        else
            (void)snprintf(names[i] + used, sizeof(names[i]) - (size_t)used,
                "%zu", i);
        tests[i].name = names[i];
        tests[i].test_func = fn;
        tests[i].initial_state = item;
    }
    failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(names);
    free(tests);
    return failed;
}

void
vectors_skip_unless_http(const json_t *item)
{
    if (!csn_name_equal(vectors_text(item, "legality"), CSN_SPAN("not HTTP")))
        return;
    print_message("not HTTP\n");
    skip();
}
