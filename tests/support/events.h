// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_EVENTS_H
#define COUNTERSIGN_TESTS_EVENTS_H

#include <countersign/field.h>

/*
 * What a cursor says about a field, as one line of text:
 *
 *     [Digest]        a scheme           <YWJj=>          a token68
 *     realm=r         a token            realm="r"        a quoted-string
 *     realm~"a\"b"    one with escapes   .                the end
 *     !syntax@0:12    an error, at octet 12 of line 0
 *     >               csn_field_skip went on behind it
 *     >syntax         it could not; nothing follows
 *
 * Octets outside ASCII's printable range are written as \xNN. The text ends
 * with a zero; it is cut at `size`.
 */
void events_render(csn_field_kind kind, const csn_span *lines, size_t count,
    char *out, size_t size);

/* The same for a cursor that was begun already. */
void events_render_rest(csn_field_cursor *cursor, char *out, size_t size);

/* Enough for any field, each octet as \xNN, with an event for every second. */
enum { EVENTS_SIZE = 8 * CSN_MAX_FIELD };

#endif
