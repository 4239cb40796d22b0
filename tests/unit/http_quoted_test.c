// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>

static csn_value
value_of(csn_span text, bool escaped)
{
    return (csn_value){ .text = text,
        .present = true,
        .quoted = true,
        .escaped = escaped };
}

static const struct unescape_row {
    const char *name;
    csn_span text;
    bool escaped;
    csn_span want;
} unescape_rows[] = {
    { "A-13 no escape", CSN_LIT("abc"), false, CSN_LIT("abc") },
    { "A-13 escaped mark, backslash and letter", CSN_LIT("a\\\"b\\\\c\\d"),
        true, CSN_LIT("a\"b\\cd") },
    { "A-13 a pair first and last", CSN_LIT("\\ab\\c"), true, CSN_LIT("abc") },
    { "A-13 nothing but pairs", CSN_LIT("\\\\\\\\\\\""), true,
        CSN_LIT("\\\\\"") },
    { "A-13 an escaped HTAB", CSN_LIT("\\\tx"), true, CSN_LIT("\tx") },
    { "A-16 obs-text behind a backslash and not", CSN_LIT("\xc3\\\xa9\xff"),
        true, CSN_LIT("\xc3\xa9\xff") },
    { "A-13 a pair far into the text", CSN_LIT("0123456789abcdef0123456\\789"),
        true, CSN_LIT("0123456789abcdef0123456789") },
    { "A-29 without escapes nothing is taken out", CSN_LIT("a\\b"), false,
        CSN_LIT("a\\b") },
    { "A-29 empty", CSN_LIT(""), false, CSN_LIT("") },
    { "A-29 empty and marked", CSN_LIT(""), true, CSN_LIT("") },
    /* No cursor gives such a value; it must not be read past its end. */
    { "A-49 a lone backslash at the end", CSN_LIT("ab\\"), true,
        CSN_LIT("ab") },
};

static void
test_unescape(void **state)
{
    const struct unescape_row *row = *state;
    csn_span exact = check_exact(row->text);
    csn_value value = value_of(exact, row->escaped);

    for (size_t cap = 0; cap <= row->want.len + 1; cap++) {
        uint8_t *buf = malloc(cap + 1);
        csn_writer out = csn_writer_init(buf, cap);

        csn_value_unescape(&value, &out);
        CHECK_EQ(row->name, out.overflow, cap < row->want.len);
        if (!out.overflow)
            CHECK_SPAN(row->name, csn_writer_span(&out), row->want);
        free(buf);
    }
    check_drop(exact);
}

static void
test_unescape_appends(void **state)
{
    uint8_t buf[8] = { 'x' };
    csn_writer out = { buf, sizeof(buf), 1, false };
    csn_value value = value_of(CSN_SPAN("\\y"), true);

    (void)state;
    csn_value_unescape(&value, &out);
    CHECK_SPAN("appended", csn_writer_span(&out), CSN_SPAN("xy"));
}

static const struct write_row {
    const char *name;
    csn_span text;
    csn_status status;
    csn_span want;
} write_rows[] = {
    { "A-17 a token", CSN_LIT("abc"), CSN_OK, CSN_LIT("\"abc\"") },
    { "A-17 empty", CSN_LIT(""), CSN_OK, CSN_LIT("\"\"") },
    { "A-17 a mark", CSN_LIT("a\"b"), CSN_OK, CSN_LIT("\"a\\\"b\"") },
    { "A-17 a backslash", CSN_LIT("a\\b"), CSN_OK, CSN_LIT("\"a\\\\b\"") },
    { "A-17 both first and last", CSN_LIT("\"a\\"), CSN_OK,
        CSN_LIT("\"\\\"a\\\\\"") },
    { "A-17, C-52 nothing else is escaped",
        CSN_LIT("/d?x=1&y='(a),;:@~[]{}<>|^%2F"), CSN_OK,
        CSN_LIT("\"/d?x=1&y='(a),;:@~[]{}<>|^%2F\"") },
    { "C-52 a target with a mark", CSN_LIT("/a\"b"), CSN_OK,
        CSN_LIT("\"/a\\\"b\"") },
    { "A-16 obs-text", CSN_LIT("\x80\xc3\xa9\xff"), CSN_OK,
        CSN_LIT("\"\x80\xc3\xa9\xff\"") },
    { "A-15 HTAB and SP", CSN_LIT("a\tb c"), CSN_OK, CSN_LIT("\"a\tb c\"") },
    { "A-15, B-30 a control octet", CSN_LIT("ab\001"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-15 DEL", CSN_LIT("\177"), CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 CR", CSN_LIT("a\rb"), CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 LF behind a mark", CSN_LIT("a\"\nb"), CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 NUL at the end", CSN_LIT("0123456789abcdef\0"), CSN_E_SYNTAX,
        CSN_LIT("") },
};

static void
test_write(void **state)
{
    const struct write_row *row = *state;
    csn_span exact = check_exact(row->text);

    for (size_t cap = 0; cap <= row->want.len + 1; cap++) {
        uint8_t *buf = malloc(cap + 1);
        csn_writer out = csn_writer_init(buf, cap);

        CHECK_EQ(row->name, csn_quoted_write(&out, exact), row->status);
        CHECK_EQ(row->name, out.overflow, cap < row->want.len);
        if (!out.overflow)
            CHECK_SPAN(row->name, csn_writer_span(&out), row->want);
        free(buf);
    }
    check_drop(exact);
}

/* What is written reads back as the same octets, alone and in pairs. */
static void
check_round_trip(csn_span text)
{
    uint8_t line_buf[16] = "n=", back_buf[8];
    csn_writer line = { line_buf, sizeof(line_buf), 2, false };
    csn_writer back = csn_writer_init(back_buf, sizeof(back_buf));
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_END };
    csn_status status = csn_quoted_write(&line, text);
    csn_span exact;

    if (status != CSN_OK)
        return;
    exact = check_exact(csn_writer_span(&line));
    CHECK_EQ("begin", csn_field_begin(&cursor, CSN_FIELD_INFO, &exact, 1),
        CSN_OK);
    CHECK_EQ("next", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_EQ("kind", event.kind, CSN_EVENT_PARAM);
    csn_value_unescape(&event.value, &back);
    CHECK_SPAN("back", csn_writer_span(&back), text);
    CHECK_EQ("next", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_EQ("kind", event.kind, CSN_EVENT_END);
    check_drop(exact);
}

static void
test_round_trip(void **state)
{
    unsigned written = 0;

    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        uint8_t text[2] = { (uint8_t)(pair >> 8), (uint8_t)pair };
        uint8_t buf[8];
        csn_writer out = csn_writer_init(buf, sizeof(buf));

        check_round_trip((csn_span){ text, 2 });
        written += csn_quoted_write(&out, (csn_span){ text, 2 }) == CSN_OK;
    }
    /* 256 octets without 32 controls and DEL, but with HTAB: 224. */
    CHECK_EQ("pairs that can be written", written, 224 * 224);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "unescaped text goes behind what is there", test_unescape_appends,
            NULL, NULL, NULL },
        { "A-30 every pair of octets reads back as it was written",
            test_round_trip, NULL, NULL, NULL },
    };

    return CHECK_ROWS("unescape", unescape_rows, test_unescape) +
        CHECK_ROWS("write", write_rows, test_write) +
        cmocka_run_group_tests_name("quoted", tests, NULL, NULL);
}
