// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>

/*
 * All 256 octets in each place of a field, against the alphabets as the RFC
 * prints them, and at each offset of a long value and of a line, since long
 * runs are looked at eight octets at a time.
 */

static const char letters_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static bool
is_among(unsigned octet, const char *list)
{
    return octet != 0 && strchr(list, (int)octet) != NULL;
}

static bool
is_tchar(unsigned octet)
{
    return is_among(octet, letters_digits) ||
        is_among(octet, "!#$%&'*+-.^_`|~");
}

static bool
is_token68(unsigned octet)
{
    return is_among(octet, letters_digits) || is_among(octet, "-._~+/");
}

static bool
is_qdtext(unsigned octet)
{
    return octet == '\t' ||
        (octet >= 0x20 && octet != 0x7f && octet != '"' && octet != '\\');
}

static bool
is_behind_backslash(unsigned octet)
{
    return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
}

/* Read `text` and take its last event before the end; false on any error. */
static bool
read_last(csn_field_kind kind, csn_span text, csn_field_event *last)
{
    csn_span exact = check_exact(text);
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_PARAM };
    csn_status status = csn_field_begin(&cursor, kind, &exact, 1);

    while (status == CSN_OK && event.kind != CSN_EVENT_END) {
        status = csn_field_next(&cursor, &event);
        if (status == CSN_OK && event.kind != CSN_EVENT_END)
            *last = event;
    }
    check_drop(exact);
    return status == CSN_OK;
}

/* `%` in `frame` stands for the octet. */
static csn_span
framed(const char *frame, unsigned octet)
{
    static uint8_t text[64];
    size_t len = strlen(frame);

    memcpy(text, frame, len);
    *(uint8_t *)memchr(text, '%', len) = (uint8_t)octet;
    return (csn_span){ text, len };
}

static const struct place {
    const char *name;
    csn_field_kind kind;
    const char *frame;
    csn_field_event_kind event;
    bool (*allowed)(unsigned octet);
    size_t name_len, value_len; /* what an allowed octet is part of */
} places[] = {
    { "A-11 all octets in a name", CSN_FIELD_INFO, "x%y=v", CSN_EVENT_PARAM,
        is_tchar, 3, 1 },
    { "A-11 all octets at a name's start", CSN_FIELD_INFO, "%xy=v",
        CSN_EVENT_PARAM, is_tchar, 3, 1 },
    { "A-11 all octets in a token", CSN_FIELD_INFO, "n=x%y", CSN_EVENT_PARAM,
        is_tchar, 1, 3 },
    { "A-11 all octets at a token's end", CSN_FIELD_INFO, "n=xy%",
        CSN_EVENT_PARAM, is_tchar, 1, 3 },
    { "A-11 all octets in a scheme", CSN_FIELD_CREDENTIALS, "x%y",
        CSN_EVENT_SCHEME, is_tchar, 3, 0 },
    { "A-33 all octets in a token68", CSN_FIELD_CREDENTIALS, "S x%y",
        CSN_EVENT_TOKEN68, is_token68, 0, 3 },
    { "A-15, A-16 all octets in quotes", CSN_FIELD_INFO, "n=\"%\"",
        CSN_EVENT_PARAM, is_qdtext, 1, 1 },
    { "A-13, A-15 all octets behind a backslash", CSN_FIELD_INFO, "n=\"\\%\"",
        CSN_EVENT_PARAM, is_behind_backslash, 1, 2 },
};

/* An allowed octet is taken for a part of it, any other one never. */
static void
test_place(void **state)
{
    const struct place *place = *state;

    for (unsigned octet = 0; octet < 256; octet++) {
        csn_field_event last = { .kind = CSN_EVENT_END };
        bool whole = read_last(place->kind, framed(place->frame, octet),
                         &last) &&
            last.kind == place->event && last.name.len == place->name_len &&
            last.value.text.len == place->value_len;

        if (whole != place->allowed(octet))
            print_error("%s: octet 0x%02x\n", place->name, octet);
        CHECK_EQ(place->name, whole, place->allowed(octet));
    }
}

enum { LONG = 40 };

/* n="aaaa...", one octet of it replaced. */
static csn_span
long_value(size_t offset, unsigned octet)
{
    static uint8_t text[LONG + 4];

    memset(text, 'a', sizeof(text));
    memcpy(text, "n=\"", 3);
    text[LONG + 3] = '"';
    text[3 + offset] = (uint8_t)octet;
    return (csn_span){ text, sizeof(text) };
}

static void
test_long_value(void **state)
{
    (void)state;
    for (size_t offset = 0; offset < LONG; offset++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            /* A backslash escapes the octet behind it, or the last mark. */
            bool good = is_qdtext(octet) ||
                (octet == '\\' && offset + 1 < LONG) ||
                (octet == '"' && offset + 1 > LONG);
            csn_field_event last = { .kind = CSN_EVENT_END };
            bool read = read_last(CSN_FIELD_INFO, long_value(offset, octet),
                &last);

            if (read != good)
                print_error("offset %zu, octet 0x%02x\n", offset, octet);
            CHECK_EQ("long value", read, good);
            if (!good)
                continue;
            CHECK_EQ("long value", last.value.text.len, LONG);
            CHECK_EQ("long value", last.value.escaped, octet == '\\');
        }
    }
}

/* Each octet that stops the whole field, at each offset of a line. */
static void
test_line(void **state)
{
    (void)state;
    for (size_t offset = 0; offset < LONG; offset++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            csn_span exact = check_exact(long_value(offset, octet));
            csn_field_cursor cursor;
            size_t line, at;
            bool stops = octet == '\r' || octet == '\n' || octet == 0;
            csn_status status = csn_field_begin(&cursor, CSN_FIELD_INFO,
                &exact, 1);

            CHECK_EQ("line", status, stops ? CSN_E_SYNTAX : CSN_OK);
            csn_field_where(&cursor, &line, &at);
            CHECK_EQ("line", at, stops ? offset + 3 : 0);
            check_drop(exact);
        }
    }
}

/* csn_is_token over every octet and position, and the empty text. */
static void
test_is_token(void **state)
{
    (void)state;
    CHECK_EQ("empty", csn_is_token((csn_span){ NULL, 0 }), false);
    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t offset = 0; offset < 3; offset++) {
            uint8_t text[3] = { 'a', 'b', 'c' };
            csn_span exact;

            text[offset] = (uint8_t)octet;
            exact = check_exact((csn_span){ text, sizeof(text) });
            CHECK_EQ("token", csn_is_token(exact), is_tchar(octet));
            check_drop(exact);
        }
    }
}

/* Names are compared without the case of the 26 letters, and only theirs. */
static void
test_name_equal(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            uint8_t x[2] = { 'n', (uint8_t)a }, y[2] = { 'N', (uint8_t)b };
            bool letters = is_among(a, letters_digits) && a > '9' &&
                is_among(b, letters_digits) && b > '9';
            bool same = a == b || (letters && (a ^ b) == 0x20);

            CHECK_EQ("names",
                csn_name_equal((csn_span){ x, 2 }, (csn_span){ y, 2 }), same);
        }
    }
    CHECK_EQ("lengths", csn_name_equal(CSN_SPAN("realm"), CSN_SPAN("realms")),
        false);
    CHECK_EQ("empty", csn_name_equal(CSN_SPAN(""), CSN_SPAN("")), true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-15 all octets at every offset of a long value", test_long_value,
            NULL, NULL, NULL },
        { "A-27 CR, LF and NUL at every offset of a line", test_line, NULL,
            NULL, NULL },
        { "A-11 all octets at every offset of a token", test_is_token, NULL,
            NULL, NULL },
        { "A-07, A-08 names are compared without case", test_name_equal, NULL,
            NULL, NULL },
    };

    return CHECK_ROWS("places", places, test_place) +
        cmocka_run_group_tests_name("octets", tests, NULL, NULL);
}
