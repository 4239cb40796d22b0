// SPDX-License-Identifier: MIT
#include "core/span.h"
#include "core/writer.h"
#include "http/scan.h"

#include <countersign/field.h>

bool
csn_name_equal(csn_span a, csn_span b)
{
    return csn_span_equal_nocase(a, b);
}

bool
csn_is_token(csn_span text)
{
    if (text.len == 0)
        return false;

    const uint8_t *end = text.ptr + text.len;

    return csn_scan_class(text.ptr, end, CSN_CLASS_TCHAR) == end;
}

/* Append what lies between two pointers. */
static void
write_run(csn_writer *out, const uint8_t *from, const uint8_t *to)
{
    csn_write(out, (csn_span){ from, (size_t)(to - from) });
}

void
csn_value_unescape(const csn_value *value, csn_writer *out)
{
    if (!value->escaped) {
        csn_write(out, value->text);
        return;
    }

    const uint8_t *p = value->text.ptr;
    const uint8_t *end = p + value->text.len;

    while (p < end) {
        const uint8_t *stop = csn_scan_qdtext(p, end);

        write_run(out, p, stop);
        if (stop < end && *stop == '\\')
            stop++; /* the octet behind it is meant */
        if (stop < end)
            csn_write_byte(out, *stop++);
        p = stop;
    }
}

/* Whether a quoted-string can hold it: no control octet but HTAB. */
static bool
is_quotable(const uint8_t *p, const uint8_t *end)
{
    for (;; p++) {
        p = csn_scan_qdtext(p, end);
        if (p == end)
            return true;
        if (*p != '"' && *p != '\\')
            return false;
    }
}

csn_status
csn_quoted_write(csn_writer *out, csn_span text)
{
    if (text.len == 0) {
        csn_write(out, CSN_SPAN("\"\""));
        return CSN_OK;
    }

    const uint8_t *p = text.ptr;
    const uint8_t *end = p + text.len;

    if (csn_scan_qdtext(p, end) == end) { /* nearly always */
        csn_write_byte(out, '"');
        csn_write(out, text);
        csn_write_byte(out, '"');
        return CSN_OK;
    }
    if (!is_quotable(p, end))
        return CSN_E_SYNTAX;
    csn_write_byte(out, '"');
    while (p < end) {
        const uint8_t *stop = csn_scan_qdtext(p, end);

        write_run(out, p, stop);
        if (stop < end) {
            csn_write_byte(out, '\\');
            csn_write_byte(out, *stop++);
        }
        p = stop;
    }
    csn_write_byte(out, '"');
    return CSN_OK;
}
