// SPDX-License-Identifier: MIT
#include "content.h"
#include "lines.h"
#include "message.h"

#include <countersign/field.h>
#include <countersign/layer.h>

/*
 * Outside a message, lines are looked through for a start line or for one of
 * the six authentication fields alone. A start line opens a header section;
 * an empty line, or a line of the other side, closes it. Behind it comes
 * what content.c makes of the rest.
 */
typedef struct splitter {
    csn_pool *pool;
    inspect_lines lines;
    inspect_messages *messages;
    bool in_head;
    bool bare_open;    /* header lines go on without a gap */
    size_t indent;     /* of the message's start line */
    inspect_side side; /* the same */
    const char *fault;
} splitter;

static const char too_many_messages[] =
    "more messages than can be looked at (10000)";
static const char too_many_fields[] =
    "a message has more fields than can be looked at (1000)";

static inspect_message *
newest(const splitter *s)
{
    return s->messages->count == 0
        ? NULL
        : &s->messages->items[s->messages->count - 1];
}

static inspect_message *
add_message(splitter *s, inspect_kind kind)
{
    inspect_message *message = inspect_message_add(s->pool, s->messages);

    if (message == NULL) {
        s->fault = too_many_messages;
        return NULL;
    }
    message->kind = kind;
    message->line = s->lines.number;
    return message;
}

static void
add_field(splitter *s, csn_span name, csn_span value, bool trailer)
{
    const inspect_field field = { name, value, s->lines.number, trailer };

    if (!inspect_field_add(s->pool, newest(s), &field))
        s->fault = too_many_fields;
}

/* Whether the line opened a message. */
static bool
open_message(splitter *s, const inspect_line *line)
{
    csn_span text = inspect_trim(line->text);
    csn_span method = { NULL, 0 };
    csn_span target = { NULL, 0 };
    unsigned status = 0;
    inspect_message *message;

    if (line->side != INSPECT_SIDE_CAME &&
        inspect_is_request_line(text, &method, &target))
        message = add_message(s, INSPECT_REQUEST);
    else if (line->side != INSPECT_SIDE_SENT &&
        inspect_is_status_line(text, &status))
        message = add_message(s, INSPECT_RESPONSE);
    else
        return false;
    if (message == NULL)
        return true;

    message->method = method;
    message->target = target;
    message->status = status;
    message->prefixed = line->side != INSPECT_SIDE_NONE;
    s->in_head = true;
    s->bare_open = false;
    s->side = line->side;
    s->indent = line->side == INSPECT_SIDE_NONE ? line->indent : 0;
    return true;
}

static bool
has_field(const inspect_message *message, csn_span name)
{
    return inspect_field_find(message, name) != NULL;
}

/*
 * Whether a lone header line belongs to the lone lines before it. A request
 * has each credentials field once, and no response challenges and proves at
 * one layer.
 */
static bool
continues(const splitter *s, inspect_kind kind, csn_span name)
{
    const inspect_message *message = newest(s);

    if (!s->bare_open || message->kind != kind)
        return false;
    if (kind == INSPECT_REQUEST)
        return !has_field(message, name);
    for (csn_layer layer = CSN_LAYER_ORIGIN; layer <= CSN_LAYER_PROXY;
         layer++) {
        csn_span challenge = csn_layer_challenge_field(layer);
        csn_span info = csn_layer_info_field(layer);

        if ((csn_name_equal(name, challenge) && has_field(message, info)) ||
            (csn_name_equal(name, info) && has_field(message, challenge)))
            return false;
    }
    return true;
}

static inspect_kind
kind_of(csn_span name)
{
    const bool is_credentials =
        csn_name_equal(name, csn_layer_credentials_field(CSN_LAYER_ORIGIN)) ||
        csn_name_equal(name, csn_layer_credentials_field(CSN_LAYER_PROXY));

    return is_credentials ? INSPECT_REQUEST : INSPECT_RESPONSE;
}

static void
take_lone_field(splitter *s, csn_span name, csn_span value)
{
    const inspect_kind kind = kind_of(name);

    if (!continues(s, kind, name)) {
        inspect_message *message = add_message(s, kind);

        if (message == NULL)
            return;
        message->bare = true;
    }
    s->bare_open = true;
    add_field(s, name, value, false);
}

/* curl writes trailer fields behind the content, marked as header lines. */
static bool
is_trailer(const splitter *s, const inspect_line *line)
{
    const inspect_message *message = newest(s);

    return line->side == INSPECT_SIDE_CAME && message != NULL &&
        message->kind == INSPECT_RESPONSE && message->prefixed;
}

static void
take_outside(splitter *s, const inspect_line *line)
{
    csn_span text = inspect_trim(line->text);
    csn_span name, value;

    if (line->side == INSPECT_SIDE_CURL)
        return;
    if (open_message(s, line))
        return;
    if (inspect_is_field_line(text, &name, &value)) {
        if (is_trailer(s, line))
            add_field(s, name, value, true);
        else if (inspect_is_auth_name(name))
            take_lone_field(s, name, value);
        return;
    }
    s->bare_open = false;
}

static void
close_head(splitter *s, bool has_content)
{
    inspect_message *message = newest(s);

    s->in_head = false;
    if (!has_content)
        return;
    if (!inspect_content_read(s->pool, &s->lines, message,
            inspect_last_method(s->messages)))
        s->fault = too_many_fields;
}

/* A folded line (RFC 9112, 5.2) stays in the text, its line end with it. */
static void
fold(inspect_message *message, csn_span text)
{
    inspect_field *field = &message->fields[message->field_count - 1];

    field->value.len = (size_t)(text.ptr + text.len - field->value.ptr);
}

static void
take_head_line(splitter *s, const inspect_line *line)
{
    csn_span text = line->text;
    csn_span name, value;

    if (line->side == INSPECT_SIDE_CURL)
        return;
    if (line->side != s->side) {
        if (line->side == INSPECT_SIDE_NONE)
            return; /* a progress meter between curl's lines */
        close_head(s, false);
        take_outside(s, line);
        return;
    }
    text = inspect_line_outdent(text, s->indent);
    if (text.len == 0 || inspect_trim(text).len == 0) {
        close_head(s, true);
        return;
    }
    if (text.ptr[0] == ' ' || text.ptr[0] == '\t') {
        if (newest(s)->field_count != 0 && s->side == INSPECT_SIDE_NONE)
            fold(newest(s), text);
        return;
    }
    if (inspect_is_field_line(text, &name, &value))
        add_field(s, name, value, false);
    else
        (void)open_message(s, line);
}

const char *
inspect_split(csn_pool *pool, csn_span text, inspect_messages *messages)
{
    splitter s = { .pool = pool,
        .lines = { .text = text },
        .messages = messages };
    inspect_line line;

    *messages = (inspect_messages){ NULL, 0 };
    while (s.fault == NULL && inspect_lines_next(&s.lines, &line)) {
        if (s.in_head)
            take_head_line(&s, &line);
        else
            take_outside(&s, &line);
    }
    return s.fault;
}
