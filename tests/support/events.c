// SPDX-License-Identifier: MIT
#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct text {
    char *at;
    size_t left;
} text;

static void
put(text *out, const char *format, ...)
{
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(out->at, out->left, format, list);
    va_end(list);
    if (len < 0 || (size_t)len >= out->left)
        len = out->left ? (int)out->left - 1 : 0;
    out->at += len;
    out->left -= (size_t)len;
}

static void
put_span(text *out, csn_span span)
{
    for (size_t i = 0; i < span.len; i++) {
        if (span.ptr[i] < 0x20 || span.ptr[i] > 0x7e)
            put(out, "\\x%02x", span.ptr[i]);
        else
            put(out, "%c", span.ptr[i]);
    }
}

static void
put_event(text *out, const csn_field_event *event)
{
    const char *mark = event->value.quoted ? "\"" : "";

    switch (event->kind) {
    case CSN_EVENT_SCHEME:
        put(out, "[");
        put_span(out, event->name);
        put(out, "]");
        break;
    case CSN_EVENT_TOKEN68:
        put(out, "<");
        put_span(out, event->value.text);
        put(out, ">");
        break;
    case CSN_EVENT_PARAM:
        put_span(out, event->name);
        put(out, "%s%s", event->value.escaped ? "~" : "=", mark);
        put_span(out, event->value.text);
        put(out, "%s", mark);
        break;
    case CSN_EVENT_END:
        put(out, ".");
        break;
    }
}

static void
put_error(text *out, const csn_field_cursor *cursor, csn_status status)
{
    size_t line, offset;

    csn_field_where(cursor, &line, &offset);
    put(out, "!%s@%zu:%zu", csn_status_name(status), line, offset);
}

void
events_render_rest(csn_field_cursor *cursor, char *out, size_t size)
{
    text all = { out, size };
    csn_field_event event = { .kind = CSN_EVENT_PARAM };

    for (const char *space = ""; event.kind != CSN_EVENT_END; space = " ") {
        csn_status status = csn_field_next(cursor, &event);

        put(&all, "%s", space);
        if (status == CSN_OK) {
            put_event(&all, &event);
            continue;
        }
        put_error(&all, cursor, status);
        status = csn_field_skip(cursor);
        if (status != CSN_OK) {
            put(&all, " >%s", csn_status_name(status));
            return;
        }
        put(&all, " >");
    }
}

void
events_render(csn_field_kind kind, const csn_span *lines, size_t count,
    char *out, size_t size)
{
    csn_field_cursor cursor;
    csn_status status = csn_field_begin(&cursor, kind, lines, count);
    text all = { out, size };

    if (status != CSN_OK)
        put_error(&all, &cursor, status);
    else
        events_render_rest(&cursor, out, size);
}
