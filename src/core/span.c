// SPDX-License-Identifier: MIT
#include "core/span.h"

#include "core/ascii.h"

#include <string.h>

bool
csn_span_equal(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
csn_span_equal_nocase(csn_span a, csn_span b)
{
    if (a.len != b.len)
        return false;
    if (csn_span_equal(a, b)) /* nearly always: peers copy our spelling */
        return true;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] &&
            csn_ascii_lower(a.ptr[i]) != csn_ascii_lower(b.ptr[i]))
            return false;
    }
    return true;
}

csn_span
csn_span_slice(csn_span text, size_t offset, size_t len)
{
    if (offset >= text.len)
        return (csn_span){ text.len ? text.ptr + text.len : text.ptr, 0 };
    if (len > text.len - offset)
        len = text.len - offset;
    return (csn_span){ text.ptr + offset, len };
}

csn_span
csn_span_trim(csn_span text)
{
    while (text.len && csn_ascii_is(text.ptr[0], CSN_CLASS_BLANK)) {
        text.ptr++;
        text.len--;
    }
    while (text.len && csn_ascii_is(text.ptr[text.len - 1], CSN_CLASS_BLANK))
        text.len--;
    return text;
}
