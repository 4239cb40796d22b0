// SPDX-License-Identifier: MIT
#include "vectors.h"

/* The "parse" group: fields as lines, and what is in them, or the error. */

enum { LINES = 4 };

static const struct {
    const char *name;
    csn_field_kind kind;
} field_names[] = {
    { "WWW-Authenticate: ", CSN_FIELD_CHALLENGES },
    { "Authentication-Info: ", CSN_FIELD_INFO },
    { "Proxy-Authentication-Info: ", CSN_FIELD_INFO },
};

/* Take the field name off a line. */
static csn_span
value_of(csn_span line, csn_field_kind *kind)
{
    for (size_t i = 0; i < COUNT_OF(field_names); i++) {
        size_t len = strlen(field_names[i].name);

        if (line.len >= len &&
            memcmp(line.ptr, field_names[i].name, len) == 0) {
            *kind = field_names[i].kind;
            return (csn_span){ line.ptr + len, line.len - len };
        }
    }
    print_error("%.*s: no field is called so\n", (int)line.len, line.ptr);
    fail();
    return line;
}

static csn_status
begin(csn_field_cursor *cursor, const json_t *item, csn_span lines[LINES],
    csn_field_kind *kind)
{
    json_t *texts = vectors_member(item, "lines");
    size_t count = json_array_size(texts);

    CHECK_EQ("lines", count <= LINES, true);
    for (size_t i = 0; i < count; i++) {
        json_t *text = json_array_get(texts, i);
        csn_span line = { (const uint8_t *)json_string_value(text),
            json_string_length(text) };

        lines[i] = check_exact(value_of(line, kind));
    }
    return csn_field_begin(cursor, *kind, lines, count);
}

static csn_field_event
next(csn_field_cursor *cursor)
{
    csn_field_event event = { .kind = CSN_EVENT_END };

    CHECK_EQ("next", csn_field_next(cursor, &event), CSN_OK);
    return event;
}

static void
check_name(csn_span got, const json_t *want)
{
    csn_span name = { (const uint8_t *)json_string_value(want),
        json_string_length(want) };

    if (!csn_name_equal(got, name))
        CHECK_SPAN("name", got, name);
}

static void
check_param(const csn_field_event *event, const json_t *pair)
{
    uint8_t buf[CSN_MAX_VALUE];
    csn_writer plain = csn_writer_init(buf, sizeof(buf));
    const json_t *value = json_array_get(pair, 1);

    CHECK_EQ("kind", event->kind, CSN_EVENT_PARAM);
    check_name(event->name, json_array_get(pair, 0));
    csn_value_unescape(&event->value, &plain);
    CHECK_SPAN("value", csn_writer_span(&plain),
        ((csn_span){ (const uint8_t *)json_string_value(value),
            json_string_length(value) }));
}

static void
check_params(csn_field_cursor *cursor, const json_t *pairs)
{
    size_t i;
    json_t *pair;

    json_array_foreach(pairs, i, pair)
    {
        csn_field_event event = next(cursor);

        check_param(&event, pair);
    }
}

static void
check_challenge(csn_field_cursor *cursor, const json_t *challenge)
{
    csn_field_event event = next(cursor);
    csn_span token68 = vectors_text(challenge, "token68");

    CHECK_EQ("kind", event.kind, CSN_EVENT_SCHEME);
    check_name(event.name, vectors_member(challenge, "scheme"));
    if (token68.ptr != NULL) {
        event = next(cursor);
        CHECK_EQ("kind", event.kind, CSN_EVENT_TOKEN68);
        CHECK_SPAN("token68", event.value.text, token68);
    }
    check_params(cursor, vectors_member(challenge, "params"));
}

/* The error's kind, and where it says a number, its octet. */
static void
check_error(csn_field_cursor *cursor, csn_status status, const json_t *item)
{
    const char *want = json_string_value(vectors_member(item, "error"));
    const char *at = strstr(want, " at ");
    csn_field_event event = { .kind = CSN_EVENT_SCHEME };
    size_t line, offset;

    while (status == CSN_OK && event.kind != CSN_EVENT_END)
        status = csn_field_next(cursor, &event);
    CHECK_EQ(want, status,
        strstr(want, "duplicate") ? CSN_E_DUPLICATE : CSN_E_SYNTAX);
    csn_field_where(cursor, &line, &offset);
    if (at != NULL)
        CHECK_EQ(want, offset, strtol(at + 4, NULL, 10));
}

static void
test_parse(void **state)
{
    const json_t *item = *state;
    csn_span lines[LINES] = { { NULL, 0 } };
    csn_field_cursor cursor;
    csn_field_kind kind = CSN_FIELD_INFO;
    csn_status status = begin(&cursor, item, lines, &kind);
    size_t i;
    json_t *challenge;

    if (json_is_true(vectors_member(item, "ok"))) {
        CHECK_EQ("begin", status, CSN_OK);
        if (kind == CSN_FIELD_INFO)
            check_params(&cursor, vectors_member(item, "params"));
        json_array_foreach(json_object_get(item, "challenges"), i, challenge)
            check_challenge(&cursor, challenge);
        CHECK_EQ("end", next(&cursor).kind, CSN_EVENT_END);
    } else {
        check_error(&cursor, status, item);
    }
    for (i = 0; i < LINES; i++)
        check_drop(lines[i]);
}

int
main(int argc, char **argv)
{
    json_t *all = vectors_load(argc, argv);
    int failed = vectors_run("parse", "A-01, A-02 parse",
        json_object_get(all, "parse"), test_parse);

    json_decref(all);
    return failed;
}
