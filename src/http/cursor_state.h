// SPDX-License-Identifier: MIT
#ifndef CSN_HTTP_CURSOR_STATE_H
#define CSN_HTTP_CURSOR_STATE_H

#include "http/scan.h"

#include <countersign/field.h>

/* The inside of csn_field_cursor, for cursor.c and list.c alone. */

typedef enum csn_cursor_place {
    CSN_AT_START, /* nothing read yet, or just behind a skipped challenge */
    CSN_BEHIND_SCHEME,  /* at data that follows the scheme without a comma */
    CSN_IN_PARAMS,      /* only parameters, or another scheme, may follow */
    CSN_BEHIND_TOKEN68, /* only another scheme may follow */
    CSN_AT_END,
    CSN_FAILED, /* `error` comes again until csn_field_skip */
    CSN_LOST    /* the list cannot be followed any more */
} csn_cursor_place;

typedef struct csn_cursor {
    const csn_span *lines;
    size_t line_count;
    size_t line;
    const uint8_t *pos;
    const uint8_t *end; /* of the line, blanks at its end left out */
    const uint8_t *error_at;
    size_t error_line;
    csn_status error;
    csn_field_kind kind;
    csn_cursor_place place;
    bool element_open; /* an element stands between here and the last comma */
    unsigned empty;
    unsigned challenges;
    unsigned params;
    /*
     * Names of this challenge: bit name_bit() of `seen` says whether it is
     * worth looking through the list.
     */
    uint64_t seen;
    uint16_t keys[CSN_MAX_PARAMS];
    const uint8_t *names[CSN_MAX_PARAMS];
} csn_cursor;

_Static_assert(sizeof(csn_cursor) <= sizeof(csn_field_cursor),
    "the public type must hold the private one");
_Static_assert(CSN_MAX_NAME < 0x100, "a name's length fits half a key");

static CSN_INLINE csn_cursor *
csn_cursor_inside(csn_field_cursor *cursor)
{
    return (void *)cursor->opaque;
}

static CSN_INLINE csn_status
csn_cursor_fail(csn_cursor *s, csn_status status, const uint8_t *at)
{
    s->place = CSN_FAILED;
    s->error = status;
    s->error_at = at;
    s->error_line = s->line;
    return status;
}

static CSN_INLINE csn_status
csn_cursor_lose(csn_cursor *s, csn_status status, const uint8_t *at)
{
    (void)csn_cursor_fail(s, status, at);
    s->place = CSN_LOST;
    return status;
}

static CSN_INLINE const uint8_t *
csn_cursor_skip_blanks(const csn_cursor *s, const uint8_t *p)
{
    return csn_scan_class(p, s->end, CSN_CLASS_BLANK);
}

static CSN_INLINE bool
csn_cursor_ends_element(const csn_cursor *s, const uint8_t *p)
{
    return p == s->end || *p == ',';
}

static CSN_INLINE csn_span
csn_cursor_token_at(const csn_cursor *s, const uint8_t *p)
{
    const uint8_t *end = csn_scan_token(p, s->end);

    return (csn_span){ p, (size_t)(end - p) };
}

void csn_cursor_enter_line(csn_cursor *s, size_t line);

/*
 * To the next element that is not empty; CSN_END behind the last one.
 * CSN_E_SYNTAX when something stands between an element and its comma.
 */
csn_status csn_cursor_next_element(csn_cursor *s);

/*
 * Whether a token with `next` as the first octet behind it and its blanks is
 * a scheme: alone, or with data behind SP (HTAB does not do: RFC 9110, 11.3).
 */
bool csn_cursor_is_scheme(const csn_cursor *s, csn_span token,
    const uint8_t *next);

#endif
