// SPDX-License-Identifier: MIT
#include "core/span.h"
#include "http/cursor_state.h"

void
csn_cursor_enter_line(csn_cursor *s, size_t line)
{
    csn_span text = csn_span_trim(s->lines[line]);

    s->line = line;
    s->pos = text.ptr;
    s->end = text.len ? text.ptr + text.len : text.ptr;
}

/* Close the element before a comma or a line's end. */
static csn_status
close_element(csn_cursor *s)
{
    if (!s->element_open && ++s->empty > CSN_MAX_EMPTY)
        return csn_cursor_lose(s, CSN_E_LIMIT, s->pos);
    s->element_open = false;
    return CSN_OK;
}

csn_status
csn_cursor_next_element(csn_cursor *s)
{
    for (;;) {
        csn_status status;

        s->pos = csn_cursor_skip_blanks(s, s->pos);
        if (!csn_cursor_ends_element(s, s->pos))
            return s->element_open ? csn_cursor_fail(s, CSN_E_SYNTAX, s->pos)
                                   : CSN_OK;

        status = close_element(s);
        if (status != CSN_OK)
            return status;
        if (s->pos < s->end) {
            s->pos++;
        } else if (s->line + 1 < s->line_count) {
            csn_cursor_enter_line(s, s->line + 1);
        } else {
            s->place = CSN_AT_END;
            return CSN_END;
        }
    }
}

bool
csn_cursor_is_scheme(const csn_cursor *s, csn_span token, const uint8_t *next)
{
    const uint8_t *p = token.ptr + token.len;

    if (csn_cursor_ends_element(s, next))
        return s->kind == CSN_FIELD_CHALLENGES || next == s->end || *p == ' ';
    while (p < next && *p == ' ')
        p++;
    return p == next && p > token.ptr + token.len && *next != '=';
}

/* Over the rest of an element, quotation marks minded; NULL when lost. */
static const uint8_t *
pass_element(const csn_cursor *s, const uint8_t *p)
{
    size_t pairs;

    while (p != NULL && !csn_cursor_ends_element(s, p)) {
        if (*p == '"') {
            p = csn_scan_quoted(p + 1, s->end, &pairs);
            if (p == NULL)
                return NULL;
        } else if (csn_ascii_is(*p, CSN_CLASS_CONTROL) && *p != '\t') {
            return NULL;
        }
        p++;
    }
    return p;
}

csn_status
csn_field_skip(csn_field_cursor *cursor)
{
    csn_cursor *s = csn_cursor_inside(cursor);

    if (s->place == CSN_LOST)
        return CSN_E_SYNTAX;
    if (s->place == CSN_AT_END ||
        (s->place == CSN_AT_START && s->kind == CSN_FIELD_CHALLENGES))
        return CSN_OK;

    for (;;) {
        const uint8_t *p = pass_element(s, s->pos);

        if (p == NULL)
            return csn_cursor_lose(s, CSN_E_SYNTAX, s->pos);
        s->pos = p;
        s->element_open = true;

        csn_status status = csn_cursor_next_element(s);

        if (status != CSN_OK)
            return status == CSN_END ? CSN_OK : CSN_E_SYNTAX;
        if (s->kind != CSN_FIELD_CHALLENGES)
            continue;

        csn_span token = csn_cursor_token_at(s, s->pos);

        if (csn_cursor_is_scheme(s, token,
                csn_cursor_skip_blanks(s, token.ptr + token.len))) {
            s->place = CSN_AT_START;
            return CSN_OK;
        }
    }
}
