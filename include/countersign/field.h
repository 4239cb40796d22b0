// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FIELD_H
#define COUNTERSIGN_FIELD_H

#include <countersign/limits.h>
#include <countersign/span.h>
#include <countersign/status.h>

CSN_BEGIN_C

/*
 * The grammar of the six authentication fields: challenges
 * (WWW-Authenticate, Proxy-Authenticate), credentials (Authorization,
 * Proxy-Authorization) and Info (Authentication-Info,
 * Proxy-Authentication-Info). Source: RFC 9110, 5.6 and 11.2 to 11.7.
 *
 * A cursor walks the value once, without recursion and without copying: what
 * it hands out are spans into the caller's lines. It knows no scheme.
 *
 *     challenges   SCHEME (TOKEN68 | PARAM*) ... END
 *     credentials  SCHEME (TOKEN68 | PARAM*) END
 *     info         PARAM* END
 */

typedef enum csn_field_kind {
    CSN_FIELD_CHALLENGES,
    CSN_FIELD_CREDENTIALS,
    CSN_FIELD_INFO
} csn_field_kind;

typedef enum csn_field_event_kind {
    CSN_EVENT_SCHEME,
    CSN_EVENT_TOKEN68,
    CSN_EVENT_PARAM,
    CSN_EVENT_END
} csn_field_event_kind;

/**
 * A parameter's value as it stands in the line, quotation marks left out.
 *
 * `escaped`: backslash pairs are still in it; csn_value_unescape takes them
 * out. Hash code must see the unescaped form. Spans point into the
 * caller's lines and live as long as those.
 */
typedef struct csn_value {
    csn_span text;
    bool present;
    bool quoted;
    bool escaped;
} csn_value;

typedef struct csn_field_event {
    csn_field_event_kind kind;
    csn_span name; /* SCHEME: the scheme; PARAM: the name, case as received */
    csn_value value; /* TOKEN68 and PARAM */
} csn_field_event;

/** The caller's memory; no interior pointer but the borrowed lines. */
typedef struct csn_field_cursor CSN_PUBLIC_STATE(768) csn_field_cursor;

/**
 * Start reading a field.
 *
 * In:      `lines`, `count` field line values in the order received, names
 *          and line ends left out; they count as one value joined by commas
 *          but a quoted-string must close within its line. Borrowed
 *          until the last csn_field_next. Blanks around each are dropped.
 * Returns: CSN_OK; CSN_E_LIMIT, combined length above CSN_MAX_FIELD;
 *          CSN_E_SYNTAX, a line holds CR, LF or NUL; for credentials
 *          also CSN_E_SYNTAX, nothing where the scheme should be,
 *          CSN_E_DUPLICATE, more than one line, CSN_E_MISSING, none.
 */
CSN_API CSN_NODISCARD csn_status csn_field_begin(csn_field_cursor *cursor,
    csn_field_kind kind, const csn_span *lines, size_t count);

/**
 * The next event.
 *
 * Out:     `*event`, on CSN_OK only; the last one is CSN_EVENT_END and comes
 *          again when asked again.
 * Returns: CSN_OK. An error ends one challenge or the field:
 *          CSN_E_DUPLICATE, a name twice in this challenge, credentials or
 *          Info (names compared without case; unknown names too: A-41);
 *          CSN_E_LIMIT, a name, value, or number of things above its limit;
 *          CSN_E_SYNTAX, anything the grammar has not.
 *          After an error call csn_field_skip to go on with the next
 *          challenge; without that the same error comes again.
 */
CSN_API CSN_NODISCARD csn_status csn_field_next(csn_field_cursor *cursor,
    csn_field_event *event);

/**
 * Step over the rest of the current challenge, after an error or because its
 * scheme is of no interest. The next event is the next SCHEME or END.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX when the list cannot be followed (an unclosed
 *          quoted-string, a control octet, too many challenges): the rest of
 *          the field is lost, the challenges before it are not.
 */
CSN_API CSN_NODISCARD csn_status csn_field_skip(csn_field_cursor *cursor);

/** Where in the lines the last error was: line number and octet, from 0. */
CSN_API void csn_field_where(const csn_field_cursor *cursor, size_t *line,
    size_t *offset);

/** Whether two names are equal without regard to ASCII case. */
CSN_API bool csn_name_equal(csn_span a, csn_span b);

/**
 * The value with its backslash pairs undone.
 *
 * Out:     appended to `out`; overflow is the writer's to tell.
 */
CSN_API void csn_value_unescape(const csn_value *value, csn_writer *out);

/**
 * Append a quoted-string with its quotation marks; a backslash goes before
 * `"` and `\` only (A-17). Source: RFC 9110, 5.6.4.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX, `text` holds a control octet other than
 *          HTAB, or DEL: nothing was written.
 */
CSN_API CSN_NODISCARD csn_status csn_quoted_write(csn_writer *out,
    csn_span text);

/** Whether `text` is a token (one or more tchar): RFC 9110, 5.6.2. */
CSN_API bool csn_is_token(csn_span text);

/**
 * Decode an ext-value (`UTF-8'en'%C2%A3`), as `username*` has it.
 *
 * Source:  RFC 8187, 3.2.1. Language tags are read and dropped.
 * Out:     the octets, appended to `out` on CSN_OK only.
 * Returns: CSN_OK; CSN_E_UNSUPPORTED, a charset other than UTF-8;
 *          CSN_E_SYNTAX, a bad escape, an octet that must be coded, invalid
 *          UTF-8, NUL or another control character;
 *          CSN_E_OVERFLOW, `out` is too small.
 */
CSN_API CSN_NODISCARD csn_status csn_ext_value_decode(csn_span text,
    csn_writer *out);

/**
 * Append `text` as an ext-value: `UTF-8''`, then every octet outside the
 * attr-char set percent-coded with upper-case digits (C-37).
 *
 * Source:  RFC 8187, 3.2.1.
 * Returns: CSN_OK; CSN_E_SYNTAX, not UTF-8, or with a control character:
 *          nothing was written; overflow is the writer's to tell.
 */
CSN_API CSN_NODISCARD csn_status csn_ext_value_write(csn_writer *out,
    csn_span text);

CSN_END_C

#endif
