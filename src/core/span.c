// SPDX-License-Identifier: MIT
#include "core/span.h"

#include "core/ascii.h"

bool
csn_span_equal_folded(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (csn_ascii_lower(a[i]) != csn_ascii_lower(b[i]))
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
