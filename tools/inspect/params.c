// SPDX-License-Identifier: MIT
#include "params.h"

#include <string.h>

/* A folded field's line ends count as blanks. */
static csn_span
unfold(csn_pool *pool, csn_span value)
{
    uint8_t *copy;

    if (value.len == 0 || memchr(value.ptr, '\n', value.len) == NULL)
        return value;
    copy = csn_pool_alloc(pool, value.len);
    memcpy(copy, value.ptr, value.len);
    for (size_t i = 0; i < value.len; i++) {
        if (copy[i] == '\n' ||
            (copy[i] == '\r' && i + 1 < value.len && copy[i + 1] == '\n'))
            copy[i] = ' ';
    }
    return (csn_span){ copy, value.len };
}

typedef struct reader {
    csn_pool *pool;
    csn_field_kind kind;
    csn_field_cursor cursor;
    csn_span *lines;
    size_t *numbers; /* of the lines in the pasted text */
    size_t count;
    inspect_params_list list;
    bool trailer;
} reader;

static inspect_params *
add(reader *r)
{
    r->list.items = csn_pool_grow(r->pool, r->list.items, r->list.count,
        sizeof(*r->list.items));
    r->list.items[r->list.count] = (inspect_params){ .trailer = r->trailer };
    return &r->list.items[r->list.count++];
}

static void
note_failure(reader *r, inspect_params *params, const csn_field_cursor *cursor,
    csn_status status)
{
    size_t line = 0;

    params->status = status;
    csn_field_where(cursor, &line, &params->offset);
    params->line = line < r->count ? r->numbers[line] : 0;
}

static void
add_param(reader *r, inspect_params *params, const csn_field_event *event)
{
    inspect_param *param = &params->items[params->count++];
    uint8_t *octets = csn_pool_alloc(r->pool, event->value.text.len);
    csn_writer out = csn_writer_init(octets, event->value.text.len);

    csn_value_unescape(&event->value, &out);
    *param = (inspect_param){ event->name, event->value,
        csn_writer_span(&out) };
}

/* Whether Digest's own reader takes it too; `cursor` is a copy. */
static void
check_types(reader *r, inspect_params *params, csn_field_cursor cursor)
{
    csn_digest_challenge challenge;
    csn_digest_credentials credentials;
    csn_digest_info info;
    csn_status status = CSN_OK;

    switch (r->kind) {
    case CSN_FIELD_CHALLENGES:
        status = csn_digest_challenge_read(&cursor, &challenge);
        break;
    case CSN_FIELD_CREDENTIALS:
        status = csn_digest_credentials_read(&cursor, &credentials);
        break;
    case CSN_FIELD_INFO:
        status = csn_digest_info_read(&cursor, &info);
        break;
    }
    if (status != CSN_OK)
        note_failure(r, params, &cursor, status);
}

/* The grammar said no: of this challenge, or of the field. */
static bool
give_up(reader *r, inspect_params *params, csn_status status)
{
    if (params == NULL)
        params = add(r);
    if (params->status == CSN_OK)
        note_failure(r, params, &r->cursor, status);
    return csn_field_skip(&r->cursor) == CSN_OK &&
        r->kind == CSN_FIELD_CHALLENGES;
}

static void
read_events(reader *r)
{
    inspect_params *params = NULL;
    csn_field_event event;

    if (r->kind == CSN_FIELD_INFO) {
        params = add(r);
        params->is_digest = true;
        check_types(r, params, r->cursor);
    }
    for (;;) {
        csn_status status = csn_field_next(&r->cursor, &event);

        if (status != CSN_OK) {
            if (!give_up(r, params, status))
                return;
            params = NULL;
            continue;
        }
        if (event.kind == CSN_EVENT_END)
            return;
        if (event.kind == CSN_EVENT_SCHEME) {
            params = add(r);
            params->scheme = event.name;
            params->is_digest = csn_name_equal(event.name, CSN_SPAN("Digest"));
            if (params->is_digest)
                check_types(r, params, r->cursor);
        } else if (event.kind == CSN_EVENT_PARAM) {
            add_param(r, params, &event);
        } /* a token68 is not kept: Basic has a password in it */
    }
}

static void
gather(reader *r, const inspect_message *message, csn_span name)
{
    r->lines = csn_pool_alloc(r->pool,
        message->field_count * sizeof(csn_span));
    r->numbers = csn_pool_alloc(r->pool,
        message->field_count * sizeof(size_t));
    for (size_t i = 0; i < message->field_count; i++) {
        const inspect_field *field = &message->fields[i];

        if (field->trailer != r->trailer || !csn_name_equal(field->name, name))
            continue;
        r->lines[r->count] = unfold(r->pool, field->value);
        r->numbers[r->count++] = field->line;
    }
}

inspect_params_list
inspect_params_read(csn_pool *pool, csn_field_kind kind,
    const inspect_message *message, csn_span name, bool trailer, size_t *lines)
{
    reader r = { .pool = pool, .kind = kind, .trailer = trailer };
    csn_status status;
    size_t count;

    gather(&r, message, name);
    *lines = r.count;
    if (r.count == 0)
        return r.list;
    /* Of credentials there is one line; others are the caller's to tell. */
    count = kind == CSN_FIELD_CREDENTIALS ? 1 : r.count;
    status = csn_field_begin(&r.cursor, kind, r.lines, count);
    if (status == CSN_OK)
        read_events(&r);
    else
        note_failure(&r, add(&r), &r.cursor, status);
    return r.list;
}

const inspect_param *
inspect_param_find(const inspect_params *params, csn_span name)
{
    for (size_t i = 0; i < params->count; i++) {
        if (csn_name_equal(params->items[i].name, name))
            return &params->items[i];
    }
    return NULL;
}

csn_span
inspect_param_text(const inspect_params *params, csn_span name)
{
    const inspect_param *param = inspect_param_find(params, name);

    return param == NULL ? (csn_span){ NULL, 0 } : param->text;
}

csn_algorithm
inspect_params_algorithm(const inspect_params *params)
{
    const inspect_param *param = inspect_param_find(params,
        CSN_SPAN("algorithm"));

    return param == NULL ? CSN_ALG_MD5 : csn_algorithm_find(param->text);
}

bool
inspect_param_is_true(const inspect_params *params, csn_span name)
{
    return csn_name_equal(inspect_param_text(params, name), CSN_SPAN("true"));
}
