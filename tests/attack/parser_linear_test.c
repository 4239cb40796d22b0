// SPDX-License-Identifier: MIT
#include "work.h"

#include "check.h"

#include <countersign/digest.h>

#include "digest/params.h"

/*
 * Each parser's work grows no faster than its input, from 1 to 64 KiB, on
 * inputs made to cost. Work is counted, not timed: the parsers are built
 * again so that every branch taken adds one (work.c), and every octet moved
 * or compared by the C library one more.
 */

enum {
    SMALLEST = 1 << 10,
    LARGEST = 1 << 16,
    /* Branches for one octet of input, above what any parser needs. */
    PER_OCTET = 60,
    FIXED = 4000
};

typedef void parser(csn_span text);

/* What they return is of no interest here, but is not to be overlooked. */
static csn_status last;

/* Through every error to the end of the field. */
static void
walk(csn_field_kind kind, csn_span line)
{
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_SCHEME };
    csn_status status = csn_field_begin(&cursor, kind, &line, 1);

    for (;;) {
        if (status != CSN_OK && csn_field_skip(&cursor) != CSN_OK)
            return;
        status = csn_field_next(&cursor, &event);
        if (status == CSN_OK && event.kind == CSN_EVENT_END)
            return;
    }
}

static void
challenges(csn_span text)
{
    walk(CSN_FIELD_CHALLENGES, text);
}
static void
credentials(csn_span text)
{
    walk(CSN_FIELD_CREDENTIALS, text);
}
static void
info(csn_span text)
{
    walk(CSN_FIELD_INFO, text);
}

/* Every challenge with the reader of Digest's parameters. */
static void
digest_challenges(csn_span text)
{
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_SCHEME };
    csn_digest_challenge challenge;

    if (csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &text, 1) != CSN_OK)
        return;
    while (csn_field_next(&cursor, &event) != CSN_OK ||
        event.kind != CSN_EVENT_END) {
        if (csn_digest_challenge_read(&cursor, &challenge) != CSN_OK &&
            csn_field_skip(&cursor) != CSN_OK)
            return;
    }
}

static void
digest_credentials(csn_span text)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_credentials read;

    if (csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &text, 1) == CSN_OK &&
        csn_field_next(&cursor, &event) == CSN_OK)
        last = csn_digest_credentials_read(&cursor, &read);
}

static void
digest_info(csn_span text)
{
    csn_field_cursor cursor;
    csn_digest_info read;

    if (csn_field_begin(&cursor, CSN_FIELD_INFO, &text, 1) == CSN_OK)
        last = csn_digest_info_read(&cursor, &read);
}

static void
many_lines(csn_span text)
{
    static csn_span lines[LARGEST];
    csn_field_cursor cursor;
    csn_field_event event;

    for (size_t i = 0; i < text.len; i++)
        lines[i] = (csn_span){ text.ptr + i, 0 };
    if (csn_field_begin(&cursor, CSN_FIELD_INFO, lines, text.len) == CSN_OK)
        last = csn_field_next(&cursor, &event);
}

static void
ext_value(csn_span text)
{
    static uint8_t out[LARGEST + 64];
    csn_writer writer = csn_writer_init(out, sizeof(out));

    last = csn_ext_value_decode(text, &writer);
    writer = csn_writer_init(out, sizeof(out));
    last = csn_ext_value_write(&writer, text);
}

static void
quoted(csn_span text)
{
    static uint8_t out[2 * LARGEST + 64];
    csn_writer writer = csn_writer_init(out, sizeof(out));
    csn_value value = { .text = text, .present = true, .escaped = true };

    last = csn_quoted_write(&writer, text);
    writer = csn_writer_init(out, sizeof(out));
    csn_value_unescape(&value, &writer);
    (void)csn_value_len(&value);
    (void)csn_is_token(text);
}

static void
words(csn_span text)
{
    uint32_t count;

    last = csn_nc_parse(text, &count);
    (void)csn_algorithm_find(text);
    (void)csn_param_find(text);
}

static void
uri(csn_span text)
{
    const csn_target asked = { CSN_SPAN("GET"), text, CSN_SPAN("http"),
        CSN_SPAN("example.org") };
    const csn_target connects = { CSN_SPAN("CONNECT"), text, CSN_SPAN("http"),
        CSN_SPAN("example.org") };

    (void)csn_uri_compare(&asked, text);
    (void)csn_uri_compare(&asked, (csn_span){ text.ptr + 1, text.len - 1 });
    (void)csn_uri_compare(&connects, text);
}

/* A head, then a pattern up to the size, for a parser. */
static const struct row {
    const char *name;
    parser *parser;
    const char *head;
    const char *pattern;
} rows[] = {
    { "A-48 linear: challenges of commas", challenges, "", "," },
    { "A-48 linear: challenges of blanks", challenges, "", " " },
    { "A-48 linear: challenges of names", challenges, "", "a," },
    { "A-48 linear: challenges of words", challenges, "", "a " },
    { "A-48 linear: challenges of quotes", challenges, "", "\"" },
    { "A-48 linear: challenges of errors", challenges, "", "=," },
    { "A-48 linear: errors in one challenge", challenges, "a b=c", ",/" },
    { "A-48 linear: errors that look like schemes", challenges, "a ", "b/ " },
    { "A-48 linear: challenges that end in an error", challenges, "",
        "a b=\"c\"d, " },
    { "A-48 linear: a long token68", challenges, "a ", "b" },
    { "A-48 linear: token68 and equals signs", challenges, "a b", "=" },
    { "A-48 linear: token68s that are none", challenges, "a ", "b= " },
    { "A-48 linear: a string of escapes", credentials, "a b=\"", "\\\"" },
    { "A-48 linear: strings", credentials, "a b=", "\"\"" },
    { "A-48 linear: blanks behind a name", credentials, "a b", " \t" },
    { "A-48 linear: many names of one length", info, "", "abc=d," },
    { "A-48 linear: many repeated names", info, "", "a=b,a=b," },
    { "A-48 linear: a name without end", info, "", "a" },
    { "A-48 linear: names in one place of the table", info, "",
        "aa=1,qa=1,bA=1,Ra=1," },
    { "A-48 linear: digest challenges", digest_challenges, "",
        "Digest realm=\"\\a\",nonce=b,qop=\"auth,auth-int\"," },
    { "A-48 linear: a qop list", digest_challenges, "Digest qop=\"", "auth," },
    { "A-48 linear: a qop list of blanks", digest_challenges, "Digest qop=\"",
        " " },
    { "A-48 linear: digest credentials", digest_credentials,
        "Digest response=\"", "\\0" },
    { "A-48 linear: digest info", digest_info, "rspauth=\"", "\\0" },
    { "A-48 linear: a field of empty lines", many_lines, "", "," },
    { "A-48 linear: ext-value of escapes", ext_value, "UTF-8''", "%C3%A4" },
    { "A-48 linear: ext-value of octets", ext_value, "", "\xc3\xa4" },
    { "A-48 linear: ext-value of a language", ext_value, "UTF-8'", "de-" },
    { "A-48 linear: quoting escapes", quoted, "", "\\\"" },
    { "A-48 linear: quoting text", quoted, "", "ab" },
    { "A-48 linear: words", words, "", "0" },
    { "A-48 linear: uri of slashes", uri, "", "/" },
    { "A-48 linear: uri of a host", uri, "http://", "a." },
    { "A-48 linear: uri of a user", uri, "http://", "@" },
    { "A-48 linear: uri of colons", uri, "", ":" },
    { "A-48 linear: uri of digits", uri, "http://h:", "0" },
};

static size_t
work_for(const struct row *row, size_t size)
{
    char *text = malloc(size);
    size_t head = strlen(row->head), part = strlen(row->pattern);

    assert_non_null(text);
    memcpy(text, row->head, head);
    for (size_t i = head; i < size; i++)
        text[i] = row->pattern[(i - head) % part];
    work_begin();
    row->parser((csn_span){ (const uint8_t *)text, size });
    free(text);
    return work_end();
}

/* Fixed work, then so much for each octet, at every size. */
static bool
is_linear(size_t work, size_t size)
{
    return work <= FIXED + PER_OCTET * size;
}

static void
check_linear(void **state)
{
    const struct row *row = *state;

    for (size_t size = SMALLEST; size <= LARGEST; size *= 2) {
        /* The longest that is read to its end has a size of its own. */
        size_t sizes[] = { size - 1, size, size + 1 };

        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            size_t work = work_for(row, sizes[i]);

            if (!is_linear(work, sizes[i]))
                fail_msg("%zu octets: %zu branches", sizes[i], work);
        }
    }
}

/* The ruler measures: a parser that looks back is found out. */
static void
quadratic(csn_span text)
{
    csn_span name = { text.ptr, 4 };

    for (size_t i = 0; i < text.len; i += 4) {
        for (size_t k = 0; k < i; k += 4)
            (void)csn_name_equal(name, (csn_span){ text.ptr + k, 4 });
    }
}

static void
check_ruler(void **state)
{
    const struct row slow = { "", quadratic, "", "abcd" };

    (void)state;
    assert_true(is_linear(work_for(&rows[0], SMALLEST), SMALLEST));
    assert_true(work_for(&rows[0], CSN_MAX_FIELD) > 10);
    assert_false(is_linear(work_for(&slow, LARGEST), LARGEST));
    assert_false(is_linear(work_for(&slow, CSN_MAX_FIELD), CSN_MAX_FIELD));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-48 the ruler finds a quadratic parser", check_ruler, NULL, NULL,
            NULL },
    };

    return CHECK_ROWS("linear time from 1 to 64 KiB", rows, check_linear) +
        cmocka_run_group_tests_name("ruler", tests, NULL, NULL);
}
