// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/digest.h>

/*
 * What a careless parser runs past: quotes that do not close, names without
 * `=`, and fields of nothing but quotes and backslashes as long as a field
 * may be. The reader is asked for everything there is, through every error,
 * and must come to an end.
 */

enum { ROOM = 70000, MAX_EVENTS = 4 * CSN_MAX_FIELD };

/* The field to its end: the first error, and how many events there were. */
static csn_status
walk(csn_field_kind kind, csn_span line, size_t *events)
{
    csn_field_cursor cursor;
    csn_field_event event = { .kind = CSN_EVENT_SCHEME };
    csn_status first = csn_field_begin(&cursor, kind, &line, 1);
    csn_status status = first;

    for (*events = 0; *events < MAX_EVENTS; ++*events) {
        if (status != CSN_OK && csn_field_skip(&cursor) != CSN_OK)
            return first;
        status = csn_field_next(&cursor, &event);
        if (first == CSN_OK)
            first = status;
        if (status == CSN_OK && event.kind == CSN_EVENT_END)
            return first;
    }
    fail_msg("no end after %zu events", *events);
    return first;
}

static void
check_walk(const char *name, csn_field_kind kind, csn_span text, bool refused)
{
    csn_span line = check_exact(text);
    size_t events;
    csn_status status = walk(kind, line, &events);

    CHECK_EQ(name, status != CSN_OK, refused);
    check_drop(line);
}

static const char *const names[] = { "username", "username*", "realm", "nonce",
    "uri", "response", "cnonce", "nc", "qop", "opaque", "algorithm",
    "userhash", "domain", "stale", "charset", "nextnonce", "rspauth",
    "unknown" };

/* Behind a parameter's name, in every field, last and with one behind it. */
static const struct row {
    const char *name;
    const char *tail;
    bool refused;
} rows[] = {
    { "A-14 a lone quote as a value", "=\"", true },
    { "A-14 a quote that closes in the next parameter", "=\"x, y=z", true },
    { "A-14 a lone backslash at the end", "=\"x\\", true },
    { "A-14 an escaped closing quote", "=\"x\\\"", true },
    { "A-11 a quote behind a token", "=x\"", true },
    { "A-11 a quote in front of the equals sign", "\"=x", true },
    { "A-25 two strings", "=\"x\"\"y\"", true },
    { "A-25 a token behind a string", "=\"x\"y", true },
    { "A-11 an unquoted backslash", "=x\\y", true },
    { "A-18 nothing behind the equals sign", "=", true },
    { "A-18 a comma behind the equals sign", "=,", true },
    { "A-18 two equals signs", "==x", true },
    { "A-25 a value in single quotes and blanks", "='x y'", true },
    { "A-18 missing equals sign", "", true },
    { "A-18 missing equals sign before a string", " \"x\"", true },
    { "A-18 missing equals sign before a token", " x", true },
    { "A-15 a control octet in a string", "=\"\x01\"", true },
    { "A-15 DEL behind a backslash", "=\"\\\x7f\"", true },
    { "A-18 an empty string", "=\"\"", false },
    { "A-13 an escaped quote", "=\"\\\"\"", false },
    { "A-13 an escaped backslash", "=\"\\\\\"", false },
    { "A-12 a token of single quotes", "='x'", false },
};

/*
 * In a list of challenges a lone word may begin another challenge, and a
 * second word may be its data if nothing follows.
 */
static bool
is_refused(const struct row *row, csn_field_kind kind, bool last)
{
    bool challenge = row->tail[0] == '\0' ||
        (strcmp(row->tail, " x") == 0 && last);

    return row->refused && !(challenge && kind == CSN_FIELD_CHALLENGES);
}

static void
check_tail(void **state)
{
    const struct row *row = *state;
    char text[200];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (int kind = 0; kind < 3; kind++) {
            const char *scheme = kind == CSN_FIELD_INFO ? "" : "Digest ";

            snprintf(text, sizeof(text), "%sa=b, %s%s", scheme, names[i],
                row->tail);
            check_walk(text, (csn_field_kind)kind, check_text(text),
                is_refused(row, (csn_field_kind)kind, true));
            snprintf(text, sizeof(text), "%sa=b, %s%s, c=d", scheme, names[i],
                row->tail);
            check_walk(text, (csn_field_kind)kind, check_text(text),
                is_refused(row, (csn_field_kind)kind, false));
        }
    }
}

/* A head, then a pattern again and again up to a size, then a tail. */
static const struct fill {
    const char *name;
    csn_field_kind kind;
    const char *head;
    const char *pattern;
    const char *tail;
    bool refused; /* at the largest size there is */
} fills[] = {
    { "A-48 only quotes in a challenge", CSN_FIELD_CHALLENGES, "", "\"", "",
        true },
    { "A-48 only quotes in credentials", CSN_FIELD_CREDENTIALS, "", "\"", "",
        true },
    { "A-48 only quotes in an Info field", CSN_FIELD_INFO, "", "\"", "",
        true },
    { "A-48 only backslashes in a challenge", CSN_FIELD_CHALLENGES, "", "\\",
        "", true },
    { "A-48 only backslashes in credentials", CSN_FIELD_CREDENTIALS, "", "\\",
        "", true },
    { "A-48 only backslashes in an Info field", CSN_FIELD_INFO, "", "\\", "",
        true },
    { "A-48 quotes and backslashes in a challenge", CSN_FIELD_CHALLENGES, "",
        "\"\\", "", true },
    { "A-48 backslashes and quotes in credentials", CSN_FIELD_CREDENTIALS, "",
        "\\\"", "", true },
    { "A-48 quotes and backslashes behind a scheme", CSN_FIELD_CREDENTIALS,
        "Digest ", "\"\\\\", "", true },
    { "A-48 a value of backslashes that closes", CSN_FIELD_CREDENTIALS,
        "Digest a=\"", "\\\\", "\"", false },
    { "A-48 a value of escaped quotes that closes", CSN_FIELD_INFO, "a=\"",
        "\\\"", "\"", false },
    { "A-48 a value of backslashes that does not close", CSN_FIELD_CREDENTIALS,
        "Digest a=\"", "\\\\", "", true },
    { "A-48 a value that escapes its closing quote", CSN_FIELD_CREDENTIALS,
        "Digest a=\"", "\\\\", "\\\"", true },
    { "A-48 strings that open and close", CSN_FIELD_CHALLENGES,
        "Digest a=", "\"\"", "", true },
    { "A-48 commas and quotes", CSN_FIELD_CHALLENGES, "", ",\"", "", true },
    { "A-48 escapes in every challenge", CSN_FIELD_CHALLENGES, "",
        "a b=\"\\\"\\\\\", ", "a", true },
};

static csn_span
fill(const struct fill *row, size_t size)
{
    static char text[ROOM];
    size_t len = strlen(row->head), part = strlen(row->pattern);

    memcpy(text, row->head, len);
    while (len + part + strlen(row->tail) <= size) {
        memcpy(text + len, row->pattern, part);
        len += part;
    }
    memcpy(text + len, row->tail, strlen(row->tail));
    return (csn_span){ (const uint8_t *)text, len + strlen(row->tail) };
}

static void
check_fill(void **state)
{
    const struct fill *row = *state;

    for (size_t size = CSN_MAX_FIELD - 8; size <= CSN_MAX_FIELD; size++)
        check_walk(row->name, row->kind, fill(row, size), row->refused);
    check_walk(row->name, row->kind, fill(row, CSN_MAX_FIELD + 12), true);
    check_walk(row->name, row->kind, fill(row, 1 << 16), true);
}

int
main(void)
{
    return CHECK_ROWS("odd values", rows, check_tail) +
        CHECK_ROWS("quotes and backslashes", fills, check_fill);
}
