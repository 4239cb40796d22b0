// SPDX-License-Identifier: MIT

/* Cache-Control of a response with a proof. */

#include "check.h"

#include "common/cache.h"

enum { LINES = 3 };

static const struct row {
    const char *name;
    const char *lines[LINES];
    bool whole;
    const char *want;
} rows[] = {
    { "E-44 nothing was said", { NULL }, false, "private" },
    { "E-44 an empty line", { "" }, false, "private" },
    { "private", { "private" }, false, "private" },
    { "in capitals", { "PRIVATE" }, false, "PRIVATE" },
    { "no-store", { "no-store" }, false, "no-store" },
    { "E-44 what else is said stays", { "max-age=60, must-revalidate" }, false,
        "max-age=60, must-revalidate, private" },
    { "E-45 public", { "public" }, false, "private" },
    { "E-45 public among others", { "max-age=60,Public ,x" }, false,
        "max-age=60, x, private" },
    { "E-45 s-maxage", { "s-maxage=60", "max-age=1" }, false,
        "max-age=1, private" },
    { "E-45 private and public", { "public, private" }, false, "private" },
    { "no s-maxage", { "s-maxages" }, false, "s-maxages, private" },
    { "E-45 private of a field", { "private=\"Set-Cookie\"" }, false,
        "private=\"Set-Cookie\", private" },
    { "E-45 a word within a string",
        { "x=\"a, private, public\", no-cache=\"no-store\"" }, false,
        "x=\"a, private, public\", no-cache=\"no-store\", private" },
    { "an escaped quote", { "x=\"\\\", private\"" }, false,
        "x=\"\\\", private\", private" },
    { "a quote without an end", { "x=\", private" }, false,
        "x=\", private, private" },
    { "a word that starts so", { "private-ish, no-stores" }, false,
        "private-ish, no-stores, private" },
    { "E-28 content", { NULL }, true, "private, no-transform" },
    { "E-28 content, said already", { "no-transform, private" }, true,
        "no-transform, private" },
    { "E-28 content, no-store", { "no-store", NULL }, true,
        "no-store, no-transform" },
    { "three lines", { "a", " b ,, c\t", "public" }, false,
        "a, b, c, private" },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    csn_span lines[LINES];
    uint8_t room[CSN_CACHE_SIZE];
    size_t count = 0;

    while (count < LINES && row->lines[count] != NULL) {
        lines[count] = check_exact(check_text(row->lines[count]));
        count++;
    }
    CHECK_SPAN(row->name, csn_cache_control(lines, count, row->whole, room),
        check_text(row->want));
    while (count > 0)
        check_drop(lines[--count]);
}

/* Who says more than there is room for is kept by no cache at all. */
static void
test_too_much(void **state)
{
    csn_span lines[CSN_CACHE_LINES];
    uint8_t room[CSN_CACHE_SIZE];
    char text[CSN_CACHE_SIZE];
    csn_span long_line = { (const uint8_t *)text, sizeof(text) - 9 };

    (void)state;
    for (size_t i = 0; i < CSN_CACHE_LINES; i++)
        lines[i] = CSN_SPAN("a");
    CHECK_SPAN("a line less",
        csn_cache_control(lines, CSN_CACHE_LINES - 1, false, room),
        CSN_SPAN("a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, private"));
    CHECK_SPAN("too many lines",
        csn_cache_control(lines, CSN_CACHE_LINES, false, room),
        CSN_SPAN("no-store, no-transform"));
    memset(text, 'x', sizeof(text));
    CHECK_EQ("it fits", csn_cache_control(&long_line, 1, false, room).len,
        sizeof(text));
    long_line.len++;
    CHECK_SPAN("it does not", csn_cache_control(&long_line, 1, false, room),
        CSN_SPAN("no-store, no-transform"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "E-45 more than there is room for", test_too_much, NULL, NULL,
            NULL },
    };
    int failed = CHECK_ROWS("common_cache", rows, test_row);

    return failed +
        cmocka_run_group_tests_name("common_cache_limits", tests, NULL, NULL);
}
