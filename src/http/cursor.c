// SPDX-License-Identifier: MIT
#include "http/cursor.h"

#include "core/span.h"
#include "http/cursor_state.h"

/*
 * The story: a line's end counts as a comma, so the whole field is a
 * row of elements between commas. next_element goes to the start of the next
 * one that is not empty. What it is shows behind its first token: `=`
 * makes it a parameter of the challenge it follows, anything else a scheme.
 * Directly behind a scheme there may be data without a comma: a token68 or
 * the first parameter.
 */

static CSN_INLINE unsigned
name_bit(uint16_t key)
{
    return (key + 5u * (key >> 8)) & 63;
}

/* Remember a name; CSN_E_DUPLICATE if it is known already. */
static CSN_INLINE csn_status
remember(csn_cursor *s, csn_span name)
{
    uint16_t key = (uint16_t)(name.len << 8 | csn_ascii_lower(name.ptr[0]));
    uint64_t bit = UINT64_C(1) << name_bit(key);

    for (unsigned i = 0; (s->seen & bit) != 0 && i < s->params; i++) {
        csn_span other = { s->names[i], name.len };

        if (s->keys[i] == key && csn_span_equal_nocase(other, name))
            return csn_cursor_fail(s, CSN_E_DUPLICATE, name.ptr);
    }
    if (s->params == CSN_MAX_PARAMS)
        return csn_cursor_fail(s, CSN_E_LIMIT, name.ptr);

    s->seen |= bit;
    s->keys[s->params] = key;
    s->names[s->params++] = name.ptr;
    return CSN_OK;
}

/* The value at `p`; afterwards s->pos is behind it. */
static CSN_INLINE csn_status
read_value(csn_cursor *s, const uint8_t *p, csn_value *value)
{
    size_t pairs = 0;
    bool quoted = p < s->end && *p == '"';
    const uint8_t *from = quoted ? p + 1 : p;
    const uint8_t *to = quoted ? csn_scan_quoted(from, s->end, &pairs)
                               : csn_scan_class(p, s->end, CSN_CLASS_TCHAR);

    if (to == NULL || (to == from && !quoted))
        return csn_cursor_fail(s, CSN_E_SYNTAX, p);
    if ((size_t)(to - from) - pairs > CSN_MAX_VALUE)
        return csn_cursor_fail(s, CSN_E_LIMIT, p);

    s->pos = quoted ? to + 1 : to;
    *value = (csn_value){ .text = { from, (size_t)(to - from) },
        .present = true,
        .quoted = quoted,
        .escaped = pairs > 0 };
    return CSN_OK;
}

/* A parameter; `name` is read, `equals` is at what must be `=`. */
static CSN_INLINE csn_status
read_param(csn_cursor *s, csn_span name, const uint8_t *equals,
    csn_field_event *event)
{
    csn_status status;

    if (name.len == 0 || equals == s->end || *equals != '=')
        return csn_cursor_fail(s, CSN_E_SYNTAX, equals);
    if (name.len > CSN_MAX_NAME)
        return csn_cursor_fail(s, CSN_E_LIMIT, name.ptr);
    status = read_value(s, csn_cursor_skip_blanks(s, equals + 1),
        &event->value);
    if (status != CSN_OK)
        return status;
    status = remember(s, name);
    if (status != CSN_OK)
        return status;
    s->place = CSN_IN_PARAMS;
    s->element_open = true;
    event->kind = CSN_EVENT_PARAM;
    event->name = name;
    return CSN_OK;
}

static csn_status
read_scheme(csn_cursor *s, csn_span token, const uint8_t *next,
    csn_field_event *event)
{
    if (token.len > CSN_MAX_NAME)
        return csn_cursor_fail(s, CSN_E_LIMIT, token.ptr);
    if (s->challenges == CSN_MAX_CHALLENGES)
        return csn_cursor_lose(s, CSN_E_LIMIT, token.ptr);

    s->challenges++;
    s->params = 0;
    s->seen = 0;
    s->pos = next;
    s->place = csn_cursor_ends_element(s, next) ? CSN_IN_PARAMS
                                                : CSN_BEHIND_SCHEME;
    s->element_open = true;
    *event = (csn_field_event){ .kind = CSN_EVENT_SCHEME, .name = token };
    return CSN_OK;
}

/* A token68 is alone, and credentials are no list. */
static bool
ends_data(const csn_cursor *s, const uint8_t *p)
{
    return p == s->end || (*p == ',' && s->kind == CSN_FIELD_CHALLENGES);
}

/* What follows a scheme without a comma. */
static csn_status
read_data(csn_cursor *s, csn_field_event *event)
{
    const uint8_t *from = s->pos;
    const uint8_t *p = csn_scan_class(from, s->end, CSN_CLASS_TOKEN68);

    while (p < s->end && *p == '=')
        p++;
    if (ends_data(s, csn_cursor_skip_blanks(s, p))) {
        csn_span text = { from, (size_t)(p - from) };

        s->pos = p;
        s->place = CSN_BEHIND_TOKEN68;
        *event = (csn_field_event){ .kind = CSN_EVENT_TOKEN68,
            .value = { .text = text, .present = true } };
        return CSN_OK;
    }

    csn_span name = csn_cursor_token_at(s, from);

    return read_param(s, name, csn_cursor_skip_blanks(s, name.ptr + name.len),
        event);
}

/*
 * The usual way to the next element: over one comma and blanks. All else
 * (empty elements, line ends, errors) is left to list.c.
 */
static CSN_INLINE csn_status
next_element(csn_cursor *s)
{
    const uint8_t *p = s->pos;

    if (s->element_open && p < s->end && *p == ',') {
        p = csn_cursor_skip_blanks(s, p + 1);
        s->pos = p;
        s->element_open = false;
        if (!csn_cursor_ends_element(s, p))
            return CSN_OK;
    }
    return csn_cursor_next_element(s);
}

/* The next parameter where nothing else can be: no list of challenges. */
static CSN_INLINE csn_status
read_only_param(csn_cursor *s, csn_field_event *event)
{
    csn_status status = next_element(s);

    if (status != CSN_OK)
        return status;

    csn_span name = csn_cursor_token_at(s, s->pos);

    return read_param(s, name, csn_cursor_skip_blanks(s, name.ptr + name.len),
        event);
}

/* The next parameter, or a scheme when it `may_start` a challenge. */
static csn_status
read_element(csn_cursor *s, bool may_start, csn_field_event *event)
{
    csn_status status = next_element(s);

    if (status != CSN_OK)
        return status;

    csn_span token = csn_cursor_token_at(s, s->pos);
    const uint8_t *next = csn_cursor_skip_blanks(s, token.ptr + token.len);
    bool starts = s->kind == CSN_FIELD_CHALLENGES ||
        (s->kind == CSN_FIELD_CREDENTIALS && s->place == CSN_AT_START);

    if (starts && csn_cursor_is_scheme(s, token, next)) {
        if (may_start)
            return read_scheme(s, token, next, event);
        s->place = CSN_AT_START;
        return CSN_END;
    }
    if (s->place != CSN_IN_PARAMS)
        return csn_cursor_fail(s, CSN_E_SYNTAX, s->pos); /* */
    return read_param(s, token, next, event);
}

/* `event` may be half written after a failure. */
static CSN_INLINE csn_status
step(csn_cursor *s, bool may_start, csn_field_event *event)
{
    switch (s->place) {
    case CSN_IN_PARAMS:
        if (s->kind != CSN_FIELD_CHALLENGES)
            return read_only_param(s, event);
        return read_element(s, may_start, event);
    case CSN_AT_START:
    case CSN_BEHIND_TOKEN68:
        return read_element(s, may_start, event);
    case CSN_BEHIND_SCHEME:
        return read_data(s, event);
    case CSN_AT_END:
        return CSN_END;
    case CSN_FAILED:
    case CSN_LOST:
        return s->error;
    }
    return CSN_E_STATE;
}

/* The combined length: a comma goes between two lines. */
static csn_status
check_length(const csn_span *lines, size_t count)
{
    size_t left = CSN_MAX_FIELD;

    for (size_t i = 0; i < count; i++) {
        if (lines[i].len > left)
            return CSN_E_LIMIT;
        left -= lines[i].len;
        if (i + 1 < count && left-- == 0)
            return CSN_E_LIMIT;
    }
    return CSN_OK;
}

/* No CR, LF or NUL in any line. */
static csn_status
check_octets(csn_cursor *s)
{
    for (s->line = 0; s->line < s->line_count; s->line++) {
        csn_span text = s->lines[s->line];

        if (text.len == 0)
            continue;

        const uint8_t *end = text.ptr + text.len;
        const uint8_t *stop = csn_scan_line(text.ptr, end);

        if (stop != end)
            return csn_cursor_lose(s, CSN_E_SYNTAX, stop);
    }
    return CSN_OK;
}

csn_status
csn_field_begin(csn_field_cursor *cursor, csn_field_kind kind,
    const csn_span *lines, size_t count)
{
    csn_cursor *s = csn_cursor_inside(cursor);
    csn_status status;

    s->lines = lines;
    s->line_count = count;
    s->line = 0;
    s->pos = s->end = s->error_at = NULL;
    s->error_line = 0;
    s->kind = kind;
    s->place = kind == CSN_FIELD_INFO ? CSN_IN_PARAMS : CSN_AT_START;
    s->element_open = false;
    s->empty = s->challenges = s->params = 0;
    s->seen = 0;

    if (kind == CSN_FIELD_CREDENTIALS && count != 1)
        return csn_cursor_lose(s, count ? CSN_E_DUPLICATE : CSN_E_MISSING,
            NULL);
    status = check_length(lines, count);
    if (status != CSN_OK)
        return csn_cursor_lose(s, status, NULL);
    status = check_octets(s);
    if (status != CSN_OK)
        return status;

    if (count == 0) {
        s->place = CSN_AT_END;
        return CSN_OK;
    }
    csn_cursor_enter_line(s, 0);
    if (kind == CSN_FIELD_CREDENTIALS &&
        csn_cursor_ends_element(s, s->pos)) /* no list: A-03 */
        return csn_cursor_lose(s, CSN_E_SYNTAX, s->pos);
    return CSN_OK;
}

csn_status
csn_field_next(csn_field_cursor *cursor, csn_field_event *event)
{
    csn_field_event next = { .kind = CSN_EVENT_END };
    csn_status status = step(csn_cursor_inside(cursor), true, &next);

    if (status != CSN_OK && status != CSN_END)
        return status;
    *event = next;
    return CSN_OK;
}

csn_status
csn_field_next_param(csn_field_cursor *cursor, csn_field_event *event)
{
    csn_cursor *s = csn_cursor_inside(cursor);
    const uint8_t *at = s->pos;
    csn_status status;

    if (s->place == CSN_AT_START)
        return CSN_E_STATE;
    status = step(s, false, event);
    if (status == CSN_OK && event->kind == CSN_EVENT_TOKEN68)
        return csn_cursor_fail(s, CSN_E_SYNTAX, at);
    return status;
}

csn_status
csn_field_fail(csn_field_cursor *cursor, csn_status status, const uint8_t *at)
{
    return csn_cursor_fail(csn_cursor_inside(cursor), status, at);
}

void
csn_field_where(const csn_field_cursor *cursor, size_t *line, size_t *offset)
{
    const csn_cursor *s = (const void *)cursor->opaque;

    *line = s->error_line;
    *offset = s->error_at == NULL
        ? 0
        : (size_t)(s->error_at - s->lines[s->error_line].ptr);
}
