// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_CHECK_H
#define COUNTERSIGN_TESTS_CHECK_H

/*
 * What every C test here uses on top of cmocka: table rows that become tests
 * of their own, so that a row's name (which begins with the requirement's ID)
 * stands in the output, and copies of input that end exactly where the input
 * ends, so that one octet read too far stops the run under a sanitizer.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <countersign/span.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Compare two integers; `name` says which row failed. */
#define CHECK_EQ(name, got, want)                                             \
    check_eq((name), #got, (long long)(got), (long long)(want), __FILE__,     \
        __LINE__)

static inline void
check_eq(const char *name, const char *what, long long got, long long want,
    const char *file, int line)
{
    if (got != want) {
        print_error("%s: %s is %lld, wanted %lld\n", name, what, got, want);
        _fail(file, line);
    }
}

/* Compare two spans octet by octet and show both when they differ. */
#define CHECK_SPAN(name, got, want)                                           \
    check_span((name), #got, (got), (want), __FILE__, __LINE__)

static inline void
check_span(const char *name, const char *what, csn_span got, csn_span want,
    const char *file, int line)
{
    if (got.len != want.len ||
        (got.len != 0 && memcmp(got.ptr, want.ptr, got.len) != 0)) {
        print_error("%s: %s is `%.*s` (%zu), wanted `%.*s` (%zu)\n", name,
            what, (int)got.len, got.len ? (const char *)got.ptr : "", got.len,
            (int)want.len, want.len ? (const char *)want.ptr : "", want.len);
        _fail(file, line);
    }
}

/* A span over a C string of the test's own. */
static inline csn_span
check_text(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

/* An exact heap copy: one octet read past the end stops a sanitized run. */
static inline csn_span
check_exact(csn_span text)
{
    uint8_t *copy = malloc(text.len ? text.len : 1);

    if (copy == NULL)
        abort();
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    else {
        free(copy);
        copy = malloc(0);
    }
    return (csn_span){ copy, text.len };
}

static inline void
check_drop(csn_span exact)
{
    free((void *)(uintptr_t)exact.ptr);
}

/*
 * Run `fn` once per row of `rows`, each row a cmocka test named by the row's
 * first member, which must be `const char *name`. In `fn`, *state points to
 * the row. Returns the number of failed rows.
 */
#define CHECK_ROWS(group, rows, fn)                                           \
    check_rows((group), (rows), COUNT_OF(rows), sizeof((rows)[0]), (fn))

static inline int
check_rows(const char *group, const void *rows, size_t count, size_t stride,
    CMUnitTestFunction fn)
{
    struct CMUnitTest *tests = calloc(count, sizeof(*tests));
    int failed;

    if (tests == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        const unsigned char *row = (const unsigned char *)rows + i * stride;

        memcpy(&tests[i].name, row, sizeof(tests[i].name));
        tests[i].test_func = fn;
        tests[i].initial_state = (void *)(uintptr_t)row;
    }
    failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    return failed;
}

#endif
